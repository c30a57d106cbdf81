import { readFileSync } from "node:fs";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { isAlive, isStopped, processStat } from "../stages/host/proc.ts";
import { performUndo } from "../undo/perform-undo.ts";
import { UndoLedger } from "../undo/undo-ledger.ts";
import { controlledBy } from "./fault-cgroup.ts";
import { dutyCycle } from "./duty-cycle.ts";
import { FaultBench } from "./testing/fault-bench.ts";

const works = "while :; do :; done";

let bench: FaultBench;
beforeEach(() => {
  bench = new FaultBench();
});
afterEach(async () => await bench.close());

const donor = { process: "donor" } as const;
const identityOf = (pid: number) => ({ pid, startTime: processStat(pid)?.startTime ?? "" });
/** Where it is in each hierarchy, but for those named ones that come and go with whoever mounts them. */
const cgroupsOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .filter((line) => !/^\d+:name=/.test(line));

describe("kill-process", () => {
  it("ends the process, proves it, and leaves nothing to undo", async () => {
    const killed = identityOf(await bench.startIdle());
    await bench.faults.apply({ kind: "kill-process", ...donor });
    expect(isAlive(killed)).toBe(false);
    expect(await bench.faults.heal(undefined, { comesBack: true })).toContain("nobody starts it again here");
    expect(bench.verdict).toMatchObject({
      result: "pass",
      detail: expect.stringContaining("1 of 1 processes are gone"),
    });
    expect(bench.ledger.open).toEqual([]);
  });

  it("of nobody has no effect, which is unknown", async () => {
    const jobs = new FaultBench({ processes: () => ({ target: "donor", role: "jobs", processes: [] }) });
    try {
      await jobs.faults.apply({ kind: "kill-process", ...donor, part: "jobs" });
      await jobs.faults.heal(undefined, { comesBack: true });
      expect(jobs.verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("0 of 0 processes") });
    } finally {
      await jobs.close();
    }
  });
});

describe("stop-process", () => {
  it("lets it stand still without a tick of CPU time, and go on", async () => {
    const pid = await bench.start(works);
    await bench.faults.apply({ kind: "stop-process", ...donor });
    expect(isStopped(pid)).toBe(true);
    await bench.faults.heal("stop-process", { comesBack: true });
    expect(isStopped(pid)).toBe(false);
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("used 0 µs of CPU") });
    expect(bench.ledger.open).toEqual([]);
  });

  it("is unknown when somebody lets it go on meanwhile", async () => {
    const pid = await bench.start(works);
    await bench.faults.apply({ kind: "stop-process", ...donor });
    process.kill(pid, "SIGCONT");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict.result).toBe("unknown");
  });

  it("is on the ledger before it is done, for whoever heals after the harness was killed", async () => {
    const pid = await bench.startIdle();
    await bench.faults.apply({ kind: "stop-process", ...donor });
    const found = UndoLedger.open(bench.ledgerFile);
    expect(found.open).toMatchObject([{ undo: "continue-process", pid }]);
    expect(await found.undoAll()).toEqual([]);
    found.close();
    expect(isStopped(pid)).toBe(false);
  });

  it("keeps what it proved of one that is killed while it stands still", async () => {
    const stopped = identityOf(await bench.startIdle());
    await bench.faults.apply({ kind: "stop-process", ...donor });
    await bench.faults.apply({ kind: "kill-process", ...donor });
    await bench.faults.heal(undefined, { comesBack: false });
    expect(isAlive(stopped)).toBe(false);
    expect(bench.verdict.result).toBe("pass");
  });
});

describe("slow-process", () => {
  const slow = { kind: "slow-process", ...donor, cpuPercent: 5 } as const;

  it.skipIf(controlledBy("cpu") === undefined)(
    "has it wait for CPU time, and puts it back where it was (needs the cgroup controller cpu)",
    async () => {
      const pid = await bench.start(works);
      const before = cgroupsOf(pid);
      await bench.faults.apply(slow);
      expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toContain("houseguest-bench-");
      const [action] = bench.ledger.open;
      const path = action?.undo === "leave-cgroup" ? action.path : "";
      await expect.poll(() => /^nr_throttled [1-9]/m.test(readFileSync(`${path}/cpu.stat`, "utf8"))).toBe(true);
      await bench.faults.heal(undefined, { comesBack: true });
      expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("they had to wait") });
      expect(cgroupsOf(pid)).toEqual(before);
      // Once more, as a second healer would.
      expect(action === undefined ? "" : await performUndo(action)).toBeUndefined();
    },
  );

  it.skipIf(controlledBy("cpu") === undefined)(
    "of one that wants no CPU time has no effect, which is unknown (needs the cgroup controller cpu)",
    async () => {
      await bench.startIdle();
      await bench.faults.apply(slow);
      await bench.faults.heal(undefined, { comesBack: true });
      expect(bench.verdict.result).toBe("unknown");
      expect(bench.ledger.open).toEqual([]);
    },
  );

  it("stops and continues in turn where there is no controller, and sees each stop hold", async () => {
    const pid = await bench.start(works);
    const cycle = dutyCycle([identityOf(pid)], 20);
    await expect.poll(() => cycle.held).toBeGreaterThan(1);
    await cycle.end();
    expect(isStopped(pid)).toBe(false);
  });
});

describe("faults in force", () => {
  it("names what can be healed", async () => {
    await bench.startIdle();
    await bench.faults.apply({ kind: "stop-process", ...donor }, "frozen");
    await expect(bench.faults.heal("frosen", { comesBack: true })).rejects.toThrow('No fault "frosen" is in force.');
    await expect(bench.faults.apply({ kind: "kill-process", ...donor }, "frozen")).rejects.toThrow("in force already");
  });
});
