import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../protocol/job-environment.ts";
import { writableCgroup } from "./stages/host/run-cgroup.ts";
import { markedProcesses } from "./stages/host/proc.ts";
import { runProgram } from "./testing/run-program.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";

const program = fileURLToPath(new URL("../bin/scenarios.mjs", import.meta.url));

/** Cgroups of runs and agents beside this process. */
function ourCgroups(): string[] {
  const parent = writableCgroup();
  return parent === undefined ? [] : readdirSync(parent).filter((name) => name.startsWith("houseguest-"));
}
const cgroupsBefore = ourCgroups();

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "heal-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

/** Starts a long run and resolves once its agent is at work. */
async function startBusyRun() {
  const harness = spawn(process.execPath, [program, "run", "rapid-pause-resume", "--cycles", "10000", "--runs", runs], {
    stdio: "ignore",
  });
  const exited = new Promise<number | string | null>((resolve) =>
    harness.once("exit", (code, signal) => resolve(signal ?? code)),
  );
  const directory = await appears(runs, (names) => names.find((name) => name.includes("rapid-pause-resume")));
  const path = join(runs, directory);
  await appears(path, () => {
    const history = join(path, "history.jsonl");
    return existsSync(history) && readFileSync(history, "utf8").includes('"witness.freeze"') ? "busy" : undefined;
  });
  const ledger = UndoLedger.open(join(path, "undo.jsonl"));
  const { open } = ledger;
  ledger.close();
  const run = open.find((action) => action.undo === "kill-marked")?.run;
  return { harness, exited, open, run: run ?? "" };
}

/** Waits until a directory's content satisfies the look; it is looked at whenever something in it changes. */
async function appears(path: string, look: (names: string[]) => string | undefined): Promise<string> {
  return await new Promise((resolve) => {
    const watcher = watch(path, check);
    function check(): void {
      const found = look(readdirSync(path));
      if (found === undefined) return;
      watcher.close();
      resolve(found);
    }
    check();
  });
}

/** What a run may not leave: marked processes, its directories, its cgroup. */
function left({ run, open }: Awaited<ReturnType<typeof startBusyRun>>): string[] {
  const paths = open.flatMap((action) => ("path" in action ? [action.path] : []));
  return [...paths.filter(existsSync), ...markedProcesses(runMarker, run).map((one) => `${one.pid} ${one.command}`)];
}

describe("a run that is stopped in the middle", () => {
  it("asked to stop: it undoes everything itself and ends with 130", async () => {
    const busy = await startBusyRun();
    busy.harness.kill("SIGTERM");
    expect(await busy.exited).toBe(130);
    expect(left(busy)).toEqual([]);
    expect((await runProgram("scenarios", ["heal", "--runs", runs])).stdout).toContain("Nothing to heal");
  });

  it("leaves no cgroup in any case", () => expect(ourCgroups()).toEqual(cgroupsBefore));
});
