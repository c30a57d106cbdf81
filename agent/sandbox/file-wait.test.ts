import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary-home.ts";
import { stampOf, waitForFile } from "./file-wait.ts";

/** A wait for `ready` in a directory of its own, and the moment when it is over. */
async function waiting(prepare: (directory: string) => void = () => undefined) {
  const directory = temporaryDirectory();
  prepare(directory);
  const path = join(directory, "ready");
  const before = await stampOf(path);
  let times = 0;
  let written = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    written = () => {
      times += 1;
      resolve();
    };
  });
  const wait = waitForFile({ directory, name: "ready", before, onWritten: () => written() });
  onTestFinished(() => wait.close());
  return { directory, path, over, wait, times: () => times };
}

const planted = (directory: string): void => writeFileSync(join(directory, "ready"), "of an earlier time");

test.each([
  { how: "made", prepare: () => undefined, write: (path: string) => writeFileSync(path, "") },
  { how: "written over", prepare: planted, write: (path: string) => writeFileSync(path, "anew") },
  { how: "appended to", prepare: planted, write: (path: string) => appendFileSync(path, "more") },
  {
    how: "replaced",
    prepare: planted,
    write: (path: string) => {
      writeFileSync(`${path}.next`, "of an earlier time");
      renameSync(`${path}.next`, path);
    },
  },
])("a file that is $how ends the wait, once", async ({ prepare, write }) => {
  const { path, over, times } = await waiting(prepare);
  write(path);
  await over;
  write(path);
  expect(times()).toBe(1);
});

test("one that was there before does not, nor its end, a link, a directory or what else is written", async () => {
  const { directory, path, over, times } = await waiting(planted);
  rmSync(path);
  symlinkSync("/etc/hostname", path);
  rmSync(path);
  mkdirSync(path);
  for (let number = 0; number < 500; number += 1) writeFileSync(join(directory, `other-${number}`), "");
  rmSync(path, { recursive: true });
  expect(times()).toBe(0);
  writeFileSync(path, "now");
  await over;
  expect(times()).toBe(1);
});

test("one that was closed hears of nothing", async () => {
  const ended = await waiting();
  const { over, times } = ended;
  ended.wait.close();
  writeFileSync(ended.path, "too late");
  // Another wait for the very same file, begun later, has ended when this one would have.
  const witness = new Promise<void>((resolve) => {
    const wait = waitForFile({ directory: ended.directory, name: "ready", before: "", onWritten: resolve });
    onTestFinished(() => wait.close());
  });
  await Promise.race([witness, over]);
  expect(times()).toBe(0);
});
