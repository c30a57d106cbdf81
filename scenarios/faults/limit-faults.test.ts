import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../../protocol/job-environment.ts";
import { cpuTimeNs, markedProcesses } from "../stages/host/proc.ts";
import { controlledBy } from "./fault-cgroup.ts";
import { missingFor } from "./fault-needs.ts";
import { processLimit } from "./process-limit.ts";
import { FaultBench } from "./testing/fault-bench.ts";

let bench: FaultBench;
beforeEach(() => {
  bench = new FaultBench();
});
afterEach(async () => await bench.close());

const donor = { process: "donor" } as const;

describe.skipIf(missingFor("limit-descriptors") !== null)("limit-descriptors (needs prlimit)", () => {
  /** A shell that waits in open(2), so that its descriptors stay as they are. */
  const waits = async (): Promise<number> => {
    const pipe = join(bench.place, "pipe");
    execFileSync("mkfifo", [pipe]);
    return await bench.start(`while :; do read line < '${pipe}'; done`);
  };

  it("is the lowest free descriptor and the spare ones, and is given back", async () => {
    const pid = await waits();
    const before = processLimit(pid, "nofile");
    await bench.faults.apply({ kind: "limit-descriptors", ...donor, spare: 2 });
    expect(processLimit(pid, "nofile")).toEqual({ ...before, soft: "5" });
    await bench.faults.heal(undefined, { comesBack: true });
    expect(processLimit(pid, "nofile")).toEqual(before);
    // Nobody opened one meanwhile.
    expect(bench.verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("was free whenever") });
  });

  it("is proved by a process that has none left", async () => {
    await waits();
    await bench.faults.apply({ kind: "limit-descriptors", ...donor, spare: 0 });
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("all 3 were") });
  });
});

describe.skipIf(controlledBy("pids") === undefined)("limit-processes (needs the cgroup controller pids)", () => {
  const limit = { kind: "limit-processes", ...donor, spare: 0 } as const;

  it("has the kernel refuse forks, and counts them", async () => {
    const pipe = join(bench.place, "pipe");
    execFileSync("mkfifo", [pipe]);
    // It starts nothing until it is told to: whatever runs when the limit is set is none of the spare ones.
    await bench.start(`read go < '${pipe}'; /bin/true; exec sleep 600`);
    await bench.faults.apply(limit);
    writeFileSync(pipe, "go\n");
    await expect
      .poll(async () => {
        await bench.faults.look();
        return bench.verdict.result;
      })
      .toBe("pass");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.ledger.open).toEqual([]);
  });

  it("of one that starts nothing has no effect, which is unknown", async () => {
    await bench.startIdle();
    await bench.faults.apply(limit);
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("0 were refused") });
  });
});

describe("load", () => {
  it("uses CPU and writes, and ends with its last process", async () => {
    await bench.faults.apply({ kind: "load", cpus: 1, disks: 1, atMostS: 60 });
    const action = bench.ledger.open.find(({ undo }) => undo === "kill-marked");
    const run = action?.undo === "kill-marked" ? action.run : "";
    await expect
      .poll(async () => {
        await bench.faults.look();
        return bench.verdict.result;
      })
      .toBe("pass");
    expect(markedProcesses(runMarker, run).some(({ pid }) => cpuTimeNs(pid) > 0)).toBe(true);
    await bench.faults.heal(undefined, { comesBack: true });
    expect(markedProcesses(runMarker, run)).toEqual([]);
    expect(readdirSync(bench.place)).toEqual(["undo.jsonl"]);
  });
});
