import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { temporaryDirectory } from "../testing/temporary-home.ts";
import { watchFiles } from "./files.ts";
import type { Pulse } from "./port.ts";
import { HeardPulses } from "./testing/heard-pulses.ts";

async function watching({ own = [] as string[], of = [""] } = {}) {
  const directory = temporaryDirectory(onTestFinished);
  mkdirSync(join(directory, "deep/er"), { recursive: true });
  writeFileSync(join(directory, "deep/er/file"), "1");
  const heard = new HeardPulses();
  const paths = of.map((path) => join(directory, path));
  const trigger = await watchFiles({ ...heard.options, paths, own: own.map((path) => join(directory, path)) });
  onTestFinished(() => trigger.close());
  return { heard, trigger, file: (path: string) => join(directory, path), paths };
}

/** The kernel's times of files are those of its last tick, in milliseconds. */
const tickMs = 20;

/** A pulse, and how old it can be at most. */
async function aged(heard: HeardPulses, act: () => void): Promise<{ pulse: Pulse; sinceMs: number }> {
  const beganMs = Date.now();
  const pulse = await heard.after(act);
  return { pulse, sinceMs: Date.now() - beganMs + tickMs };
}

const touched = new Date(1_000_000_000_000);

test.each<[string, (file: string) => void]>([
  ["is written", (file) => appendFileSync(file, "2")],
  ["is touched with an old time", (file) => utimesSync(file, touched, touched)],
  ["is removed", (file) => rmSync(file)],
  ["is replaced", (file) => renameSync(join(file, "../../other"), file)],
  ["goes with its directory", (file) => rmSync(dirname(file), { recursive: true })],
  ["gets a neighbour", (file) => writeFileSync(`${file}-2`, "")],
  ["gets a directory beside it", (file) => mkdirSync(`${file}-3`)],
])("pulses when a file deep in a directory %s, and knows since when", async (_what, act) => {
  const { heard, file, paths } = await watching();
  const deep = file("deep/er/file");
  await heard.after(() => writeFileSync(file("deep/other"), ""));
  // What that may still bring is over when the next thing is heard of.
  const { pulse, sinceMs } = await aged(heard, () => act(deep));
  expect(pulse.what).toBe(`files: ${paths[0]}`);
  expect(pulse.ageMs).toBeGreaterThanOrEqual(0);
  expect(pulse.ageMs).toBeLessThan(sinceMs);
  expect(heard.cannot).toEqual([]);
});

test("one file is watched alone, and one that is not there yet is waited for", async () => {
  const { heard, file, paths } = await watching({ of: ["deep/er/file", "coming"] });
  expect(heard.cannot).toEqual([expect.stringContaining(`Nothing is at ${paths[1]}`)]);
  writeFileSync(file("deep/er/neighbour"), "");
  const made = await heard.after(() => writeFileSync(file("coming"), ""));
  expect(made.what).toBe(`files: ${paths[1]}`);
  const written = await heard.after(() => appendFileSync(file("deep/er/file"), "2"));
  expect(written.what).toBe(`files: ${paths[0]}`);
  expect(heard.pulses.map(({ what }) => what)).not.toContain(`files: ${file("deep/er/neighbour")}`);
});

test("what the agent itself writes below a watched directory is no activity", async () => {
  // Named twice, so that it would be told by the name of its own home.
  const { heard, file, paths } = await watching({ own: ["deep/home"], of: ["deep/home", ""] });
  mkdirSync(file("deep/home/sandboxes"), { recursive: true });
  writeFileSync(file("deep/home/ledger"), "1");
  await heard.after(() => writeFileSync(file("deep/homely"), ""));
  appendFileSync(file("deep/home/ledger"), "2");
  await heard.after(() => appendFileSync(file("deep/homely"), "2"));
  expect(new Set(heard.pulses.map(({ what }) => what))).toEqual(new Set([`files: ${paths[1]}`]));
});

test("what a link points to is not watched, and nothing pulses after the end", async () => {
  const elsewhere = temporaryDirectory(onTestFinished);
  const { heard, trigger, file } = await watching();
  await heard.after(() => symlinkSync(elsewhere, file("link")));
  writeFileSync(join(elsewhere, "file"), "");
  await heard.after(() => writeFileSync(file("last"), ""));
  await trigger.close();
  const count = heard.pulses.length;
  writeFileSync(file("after"), "");
  // Another watcher of the same place has heard of it, so this one would have.
  const other = new HeardPulses();
  const again = await watchFiles({ ...other.options, paths: [dirname(file("after"))], own: [] });
  await other.after(() => writeFileSync(file("later"), ""));
  await again.close();
  expect(heard.pulses).toHaveLength(count);
});

test("a file that came with an old time is news of now", async () => {
  const { heard, file } = await watching();
  const elsewhere = temporaryDirectory(onTestFinished);
  mkdirSync(join(elsewhere, "old"));
  const { pulse, sinceMs } = await aged(heard, () => renameSync(join(elsewhere, "old"), file("moved")));
  expect(pulse.ageMs).toBeLessThan(sinceMs);
});
