import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { ComesFirst } from "./come-first.ts";

/** A session's niceness; empty where there is no such file. */
function niceOf({ pid }: ChildProcess): string {
  return readFileSync(`/proc/${pid}/autogroup`, "latin1").trim().split(" ").at(-1) ?? "";
}

/** A session of its own, as an agent's is; gone when the test ends. */
function session({ detached = true } = {}): ChildProcess {
  const child = spawn("sleep", ["60"], { detached, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function mayRaise(): boolean {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  try {
    for (const value of ["-1", "0"]) writeFileSync(`/proc/${child.pid}/autogroup`, value);
    return true;
  } catch {
    return false;
  } finally {
    child.kill("SIGKILL");
  }
}

describe.skipIf(!mayRaise())("coming first (skipped where this user may not raise a session)", () => {
  test("a session goes before others for as long as it is to, and not a moment longer", () => {
    const child = session();
    const comesFirst = new ComesFirst(child.pid);
    comesFirst.set(true);
    expect(niceOf(child)).toBe("-10");
    comesFirst.set(false);
    expect(niceOf(child)).toBe("0");
  });

  test("the niceness that somebody gave the session stays", () => {
    const child = session();
    writeFileSync(`/proc/${child.pid}/autogroup`, "5");
    const comesFirst = new ComesFirst(child.pid);
    comesFirst.set(true);
    expect(niceOf(child)).toBe("5");
    comesFirst.set(false);
    expect(niceOf(child)).toBe("5");
  });

  test("the niceness that somebody gave the session while it came first stays, too", () => {
    const child = session();
    const comesFirst = new ComesFirst(child.pid);
    comesFirst.set(true);
    writeFileSync(`/proc/${child.pid}/autogroup`, "19");
    comesFirst.set(false);
    expect(niceOf(child)).toBe("19");
    comesFirst.set(true);
    expect(niceOf(child)).toBe("19");
  });

  test("a session that somebody else leads is left alone", () => {
    const child = session({ detached: false });
    const before = niceOf(child);
    new ComesFirst(child.pid).set(true);
    expect(niceOf(child)).toBe(before);
  });
});

/** What becomes a process that is number 1 to itself, in a /proc where the directory $0 stands for another one of that number. */
const beingOne = ["unshare", "--pid", "--fork", "--mount", "--propagation", "private", "sh", "-c"];
const overlaid = 'mount --bind "$0" /proc/1 && exec "$@"';
const canBeOne = spawnSync("unshare", [...beingOne.slice(1), 'mount --bind "$0" /proc/1', tmpdir()]).status === 0;

test.skipIf(!canBeOne)("who has its own number in another /proc is left alone (skipped: needs root)", () => {
  const other = mkdtempSync(join(tmpdir(), "come-first-"));
  onTestFinished(() => rmSync(other, { recursive: true }));
  const autogroup = join(other, "autogroup");
  writeFileSync(autogroup, "/autogroup-1 nice 0\n");
  writeFileSync(join(other, "stat"), `1 (init) S 0 1 1 ${"0 ".repeat(40)}`);
  const script = `
    const { ComesFirst } = await import(${JSON.stringify(new URL("./come-first.ts", import.meta.url).href)});
    new ComesFirst().set(true);
    console.log(process.pid);`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const { stdout } = spawnSync("setsid", ["--wait", ...beingOne, overlaid, other, ...node], { encoding: "utf8" });
  expect(stdout).toBe("1\n");
  expect(readFileSync(autogroup, "latin1")).toBe("/autogroup-1 nice 0\n");
});
