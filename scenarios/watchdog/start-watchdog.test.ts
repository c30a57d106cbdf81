import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { readAftermath } from "../../reports/runs/read-aftermath.ts";
import { heal } from "../heal.ts";
import { watchedRun } from "./start-watchdog.ts";
import { isAlive, processStat } from "../stages/host/proc.ts";

const path = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
/** A harness in small: one deed, and a watchdog. It ends in order when its standard input does, and says what it is asked. */
const program = `
  import { mkdirSync, writeFileSync } from "node:fs";
  import { createRunDirectory } from ${path("../run-directory.ts")};
  import { UndoLedger } from ${path("../undo/undo-ledger.ts")};
  import { startWatchdog } from ${path("./start-watchdog.ts")};
  const [root, when] = process.argv.slice(1);
  const directory = createRunDirectory(root, "a-scenario", new Date());
  const ledger = UndoLedger.open(directory.undo);
  ledger.register({ undo: "remove-directory", path: root + "/deed" });
  mkdirSync(root + "/deed");
  const watchdog = startWatchdog(directory, (why) => console.log(JSON.stringify({ lost: why })));
  writeFileSync(root + "/watchdog", String(watchdog.pid));
  if (when === "at-once") process.kill(process.pid, "SIGKILL");
  const ready = await watchdog.ready;
  console.log(JSON.stringify({ pid: watchdog.pid, run: directory.path, ready }));
  process.stdin.resume().on("end", async () => {
    await ledger.undoAll();
    await watchdog.dismiss();
  });
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "watchdog-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
});

function start(...more: readonly string[]): { harness: ChildProcess; next: () => Promise<Record<string, unknown>> } {
  const harness = spawn(process.execPath, ["--input-type=module-typescript", "-e", program, root, ...more], {
    // A process group of its own, to be killed as a whole.
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    harness.kill("SIGKILL");
    // It may be writing what it did, and its directory is removed next.
    const pid = Number(readFileSync(join(root, "watchdog"), "utf8"));
    await expect.poll(() => processStat(pid) === undefined).toBe(true);
  });
  const lines = createInterface({ input: harness.stdout })[Symbol.asyncIterator]();
  return { harness, next: async () => JSON.parse((await lines.next()).value ?? "null") };
}

/** Waits until somebody wrote down what became of the run. */
async function undone(run: string) {
  await expect.poll(() => readAftermath(run)).not.toBeNull();
  return readAftermath(run);
}

describe.skipIf(process.platform !== "linux")("a run's watchdog", () => {
  it("goes when the run ends in order, and leaves nothing", async () => {
    const { harness, next } = start();
    const { pid, run, ready } = (await next()) as { pid: number; run: string; ready: boolean };
    expect(ready).toBe(true);
    expect(processStat(pid)?.sessionId).toBe(pid);
    expect([watchedRun(pid), watchedRun(process.pid)]).toEqual([run, null]);
    harness.stdin?.end();
    expect(await once(harness, "exit")).toEqual([0, null]);
    expect(processStat(pid)).toBeUndefined();
    expect({ aftermath: readAftermath(run), log: existsSync(join(run, "logs", "watchdog.log")) }).toEqual({
      ...{ aftermath: null, log: false },
    });
  });

  it("undoes the run when the harness's whole process group is killed, says so, and ends", async () => {
    const { harness, next } = start();
    const { pid, run } = (await next()) as { pid: number; run: string };
    const { startTime = "" } = processStat(pid) ?? {};
    process.kill(-(harness.pid as number), "SIGKILL");
    expect(await undone(run)).toMatchObject({
      by: "watchdog",
      notUndone: [],
      undone: [expect.stringContaining("deed")],
    });
    expect(existsSync(join(root, "deed"))).toBe(false);
    await expect.poll(() => isAlive({ pid, startTime })).toBe(false);
    expect(readFileSync(join(run, "logs", "watchdog.log"), "utf8")).toBe("");
  });

  it("undoes it also when the harness dies before it is known to watch", async () => {
    const { harness } = start("at-once");
    await once(harness, "exit");
    await expect.poll(() => existsSync(join(root, "deed"))).toBe(false);
    expect(await undone(join(root, "latest"))).toMatchObject({ by: "watchdog" });
  });

  it("and heal at the same time undo each deed once, and both tell of it", async () => {
    const { harness, next } = start();
    const { run } = (await next()) as { run: string };
    harness.kill("SIGKILL");
    await once(harness, "exit");
    const { healed, watched } = await heal(root);
    const aftermath = await undone(run);
    expect(aftermath?.undone).toHaveLength(1);
    expect([...healed, ...watched]).toHaveLength(aftermath?.by === "heal" ? 1 : watched.length);
    const ledger = readFileSync(join(run, "undo.jsonl"), "utf8");
    expect(ledger.match(/"undone"/g)).toHaveLength(1);
  });

  it("is missed as soon as it is gone", async () => {
    const { harness, next } = start();
    const { pid } = (await next()) as { pid: number };
    process.kill(pid, "SIGTERM");
    expect(await next()).toEqual({ lost: "it ended with SIGTERM" });
    harness.stdin?.end();
    await once(harness, "exit");
  });

  it("says in its log that it could not undo, and where the rest is", async () => {
    const { harness, next } = start();
    const { run } = (await next()) as { run: string };
    // A ledger that cannot be read as one: deeds that nobody knows.
    writeFileSync(join(run, "undo.jsonl"), "spoiled\n");
    harness.kill("SIGKILL");
    expect((await undone(run))?.notUndone[0]?.what).toContain("line 1");
    await expect
      .poll(() => readFileSync(join(run, "logs", "watchdog.log"), "utf8"))
      .toContain("NOT undone: what line 1");
  });
});
