import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { cgroupPids } from "../../agent/sandbox/cgroup.ts";
import { runMarker } from "../../protocol/job-environment.ts";
import { markedProcesses } from "../stages/host/proc.ts";
import { missingFor } from "./fault-needs.ts";
import { processLimit } from "./process-limit.ts";
import { FaultBench } from "./testing/fault-bench.ts";

let bench: FaultBench;
beforeEach(() => {
  bench = new FaultBench();
});
afterEach(async () => await bench.close());

const all = { comesBack: true } as const;

describe.skipIf(missingFor("storm") !== null)("load and storm at once (needs stress-ng and a cgroup)", () => {
  const loads = () => markedProcesses(runMarker, `bench-${process.pid}-1`).length;
  const storms = () => {
    const action = bench.ledger.open.find(({ undo }) => undo === "remove-cgroup");
    return action?.undo === "remove-cgroup" ? cgroupPids(action.path).length : 0;
  };
  const begin = async () => {
    await bench.faults.apply({ kind: "load", cpus: 1, disks: 1, atMostS: 60 });
    await bench.faults.apply({ kind: "storm", cpus: 1, disks: 1, atMostS: 60 });
    await expect.poll(() => loads() > 0 && storms() > 0).toBe(true);
  };

  it("each ends by itself and leaves the other at work", async () => {
    await begin();
    await bench.faults.heal("load", all);
    expect({ load: loads(), storm: storms() > 0 }).toEqual({ load: 0, storm: true });
    // The third of this bench, with a marker of its own.
    await bench.faults.apply({ kind: "load", cpus: 1, atMostS: 60 });
    const again = () => markedProcesses(runMarker, `bench-${process.pid}-3`).length;
    await expect.poll(again).toBeGreaterThan(0);
    await bench.faults.heal("storm", all);
    expect({ load: again() > 0, storm: storms() }).toEqual({ load: true, storm: 0 });
    await bench.faults.heal(undefined, all);
    expect(bench.ledger.open).toEqual([]);
  });
});

describe.skipIf(missingFor("limit-descriptors") !== null)("two faults of which one's undo would undo the other", () => {
  const limit = (spare: number) => ({ kind: "limit-descriptors", process: "donor", spare }) as const;

  it("are not in force at once: the second is refused, and the first is undone to what was before it", async () => {
    const pid = await bench.startIdle();
    const before = processLimit(pid, "nofile");
    await bench.faults.apply(limit(2), "one");
    await expect(bench.faults.apply(limit(0), "two")).rejects.toMatchObject({
      code: "faults-overlap",
      message: 'The fault "one" has hold of the descriptors of donor already.',
    });
    expect(bench.faults.names).toEqual(["one"]);
    await bench.faults.heal("one", all);
    await bench.faults.apply(limit(1), "two");
    await bench.faults.heal("two", all);
    expect(processLimit(pid, "nofile")).toEqual(before);
  });

  it.each([
    ["under two names", "two", "faults-overlap"],
    ["under one", "one", "fault-in-force"],
  ])("are not in force at once where both begin in the same moment, %s", async (_, second, code) => {
    const pid = await bench.startIdle();
    const before = processLimit(pid, "nofile");
    const [first, later] = await Promise.allSettled([
      bench.faults.apply(limit(2), "one"),
      bench.faults.apply(limit(0), second),
    ]);
    expect(first.status).toBe("fulfilled");
    expect(later).toMatchObject({ status: "rejected", reason: { code } });
    await bench.faults.heal("one", all);
    expect(processLimit(pid, "nofile")).toEqual(before);
  });
});
