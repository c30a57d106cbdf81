import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";

import { fileOutput } from "./file-output.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "file-output-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

test("a file is emptied at once, grows, and can be written anew, longer and shorter", () => {
  const path = join(place, "report");
  writeFileSync(path, "an earlier report");
  const output = fileOutput(path);
  expect(readFileSync(path, "utf8")).toBe("");
  output.write("one");
  output.write(" two");
  expect(readFileSync(path, "utf8")).toBe("one two");
  for (const text of ["größer als vorher", "kurz"]) {
    output.rewrite?.(text);
    expect(readFileSync(path, "utf8")).toBe(text);
  }
  expect(output.close()).toBeNull();
});

test("what cannot be written disturbs nobody, and is told at the end", async (context) => {
  if (process.platform !== "linux") context.skip("/dev/full is Linux's");
  const output = fileOutput("/dev/full");
  output.write("one");
  output.write("two");
  expect(output.close()).toMatchObject({
    code: "report-file",
    message: "The report file /dev/full could not be written: ENOSPC.",
  });
});

test("where there is room for one document and not for the next, the first one stays, until there is", async () => {
  const path = join(place, "report");
  // A limit on the size of files stands for a full disk: the second document goes over it half-way.
  const script = `
    import { fileOutput } from ${JSON.stringify(join(import.meta.dirname, "file-output.ts"))};
    const output = fileOutput(${JSON.stringify(path)});
    output.rewrite("a".repeat(600));
    output.rewrite("b".repeat(100_000));
    console.log(output.close()?.message);`;
  const argv = [process.execPath, "--input-type=module", "--eval", script];
  const { stdout } = await execa("sh", ["-c", 'ulimit -f 2; exec "$@"', "-", ...argv]);
  expect(stdout).toBe(`The report file ${path} could not be written: EFBIG.`);
  expect(readFileSync(path, "utf8")).toBe("a".repeat(600));
});

test("a reader that goes away is no failure", async (context) => {
  if (process.platform !== "linux") context.skip("reads /dev/fd");
  const script = `
    import { fileOutput } from ${JSON.stringify(join(import.meta.dirname, "file-output.ts"))};
    const output = fileOutput("/dev/fd/3");
    output.write("one");
    console.error(String(output.close()));`;
  // Unlike a FIFO on a disk, this pipe can be opened without a reader; `true` has ended long before.
  const argv = [process.execPath, "--input-type=module", "--eval", script];
  const { stderr } = await execa("sh", ["-c", '"$@" 3>&1 >/dev/null | exec true', "-", ...argv]);
  expect(stderr).toBe("null");
});

test("what is no file cannot be written anew", () => {
  const output = fileOutput("/dev/null");
  expect(output.rewrite).toBeUndefined();
  expect(output.close()).toBeNull();
});
