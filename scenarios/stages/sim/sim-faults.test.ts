import { describe, expect, it } from "vitest";

import { seededRandom } from "../../../foundation/random.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { judgeExpectations } from "../../checkers/registry.ts";
import type { FaultSpec } from "../../faults/fault-spec.ts";
import { faultKinds } from "../../faults/kinds.ts";
import type { Step } from "../../steps/step.ts";
import { playSteps, type StepPlayer } from "../../steps/play-steps.ts";
import { underFault } from "../../steps/under-fault.ts";
import { heldOnSim } from "./sim-faults.ts";
import { SimStage } from "./sim-stage.ts";
import { checkSimSteps, runSimStep } from "./steps.ts";

const joined: Step[] = [{ step: "start-broker" }, { step: "join", agent: "donor", slots: 1 }];
const submitted = { step: "submit", batch: "work", jobs: 1, units: 5, unitCpuMs: 10, children: 0 } as const;
const settled = { step: "await-settled", batch: "work", withinMs: 3_600_000 } as const;

/** An agent is heard of meanwhile. */
const wait = { step: "wait", forMs: 60_000 } as const;

/** Plays steps in virtual time; what became of the faults is judged as a run's. */
async function play(steps: readonly Step[]) {
  const records: HistoryRecord[] = [];
  const stage = new SimStage({
    ...{ timing: defaultTiming, seed: "1", random: seededRandom("1"), storeFails: true },
    onRecord: (record) => void records.push(record),
  });
  checkSimSteps(steps);
  const details: string[] = [];
  const player: StepPlayer = {
    record: () => undefined,
    before: async () => undefined,
    async perform(step, nested) {
      const detail = await runSimStep(stage, step, nested);
      details.push(detail);
      return detail;
    },
  };
  await stage.play(() => playSteps(steps, player));
  stage.faults.heal();
  const [verdict] = judgeExpectations(records, [], []);
  return { stage, records, details, verdict };
}

const windows = (records: readonly HistoryRecord[]): string[] =>
  records.flatMap((record) =>
    record.type === "fault.applied" || record.type === "fault.undone" ? [`${record.type} ${record.data.fault}`] : [],
  );

describe("faults in virtual time", () => {
  it.each([
    ["kill-agent", { kind: "kill-process", process: "donor" }],
    ["stall-agent", { kind: "stop-process", process: "donor" }],
    ["kill-broker", { kind: "kill-process", process: "broker" }],
    ["stall-broker", { kind: "stop-process", process: "broker" }],
    ["stall-store", { kind: "kill-process", process: "store" }],
  ] as const)("%s is an act of the simulator, seen in the model, and undone", async (act, fault) => {
    const { records, verdict } = await play([
      ...joined,
      { step: "fault", fault },
      wait,
      { step: "heal" },
      submitted,
      settled,
    ]);
    expect(windows(records)).toEqual([`fault.applied ${act}`, `fault.undone ${act}`]);
    expect(verdict).toMatchObject({ id: "fault-effects", result: "pass" });
  });

  it.each([{ type: "blackhole" }, { type: "reset" }, { type: "latency", latencyMs: 200, jitterMs: 50 }] as const)(
    "$type disturbs the modelled line, and is undone",
    async (toxic) => {
      const fault: FaultSpec = { kind: "disturb-link", agent: "donor", toxic, direction: "to-broker" };
      const paused: Step[] = [...joined, { step: "fault", fault, forMs: 60_000 }, submitted, settled];
      const { records, verdict } = await play(paused);
      expect(windows(records)).toHaveLength(2);
      expect(verdict?.result).toBe("pass");
    },
  );

  it.each(["duplicate-events", "reorder-events"] as const)(
    "%s of the broker hits events, and is unknown where none was sent",
    async (kind) => {
      const fault: FaultSpec = { kind: "misbehave-broker", rule: { kind } };
      const told = (command: "pause" | "resume"): Step => ({ step: "command", agent: "donor", command });
      const { verdict, records } = await play([...joined, ...underFault(fault, [told("pause"), told("resume"), wait])]);
      expect([verdict?.result, windows(records).length]).toEqual(["pass", 2]);
      const { verdict: idle } = await play([...joined, ...underFault(fault, [])]);
      expect(idle?.result).toBe("unknown");
    },
  );

  it("refuses the second of two that have hold of the same, as a host does, and of the same kinds", async () => {
    const full = (agent: string, as: string): Step => ({ step: "fault", fault: { kind: "fill-disk", agent }, as });
    const relief: Step = { step: "join", agent: "relief", slots: 1 };
    await expect(play([...joined, full("donor", "one"), full("donor", "two")])).rejects.toMatchObject({
      code: "faults-overlap",
      message: 'The fault "one" has hold of the room on the disk of donor already.',
    });
    const apart = await play([...joined, relief, full("donor", "one"), full("relief", "two")]);
    expect(apart.stage.faults.names).toEqual([]);
    const held = Object.values(faultKinds).filter(({ holds, onSim }) => holds !== undefined && onSim);
    expect(Object.keys(heldOnSim).toSorted()).toEqual(held.map(({ kind }) => kind).toSorted());
  });

  it("a disk without room fails checkpoints, and is unknown where none was to be saved", async () => {
    const fault: FaultSpec = { kind: "fill-disk", agent: "donor" };
    const busy: Step = { step: "await-busy", agent: "donor", sandboxes: 1, withinMs: 60_000 };
    const pause: Step = { step: "pause", agent: "donor" };
    const { verdict } = await play([...joined, submitted, busy, { step: "fault", fault }, pause]);
    expect(verdict?.result).toBe("pass");
    const idle = await play([...joined, { step: "fault", fault }, pause]);
    expect(idle.verdict?.result).toBe("unknown");
  });

  it("processes that cannot be started are seen in the model", async () => {
    const fault: FaultSpec = { kind: "limit-processes", process: "donor", spare: 0 };
    const { verdict } = await play([...joined, { step: "fault", fault, forMs: 5_000 }, submitted, settled]);
    expect(verdict?.result).toBe("pass");
  });

  it("a store that goes back to what was kept forgets what came after", async () => {
    const keep: Step = { step: "keep-store", as: "before" };
    const lose = underFault({ kind: "lose-store", to: "before" }, []);
    const { records, verdict } = await play([...joined, keep, submitted, settled, ...lose]);
    expect(verdict?.result).toBe("pass");
    const lost = records.flatMap((one) => (one.type === "fault.applied" ? one.data.subjects : []));
    expect(lost).toHaveLength(1);
    const nothing = await play([...joined, keep, ...lose]);
    expect(nothing.verdict?.result).toBe("unknown");
  });

  it.each(["donor", "broker"])(
    "the clock of %s is wrong for who is started since, which is unknown if none is",
    async (process) => {
      const fault: FaultSpec = { kind: "jump-clock", process, byMs: -3_600_000 };
      const again = underFault({ kind: "kill-process", process }, []);
      const { verdict } = await play([...joined, { step: "fault", fault }, ...again, submitted, settled]);
      expect(verdict?.result).toBe("pass");
      const { verdict: idle } = await play([...joined, { step: "fault", fault }, submitted, settled]);
      expect(idle?.result).toBe("unknown");
    },
  );

  it("a store that stands still holds up commits, which is unknown where nothing was written", async () => {
    const fault: FaultSpec = { kind: "stop-process", process: "store" };
    const { verdict } = await play([...joined, { step: "fault", fault, forMs: 5_000 }, submitted, settled]);
    expect(verdict?.result).toBe("pass");
    const idle = await play([...joined, ...underFault(fault, [wait])]);
    expect(idle.verdict?.result).toBe("unknown");
  });

  it("of one that is down already has no effect, which is unknown", async () => {
    const fault: FaultSpec = { kind: "kill-process", process: "donor" };
    const { verdict } = await play([...joined, { step: "fault", fault }, { step: "fault", fault, as: "again" }]);
    expect(verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("no effect to be seen") });
  });

  it("heals by itself after its time, while the steps go on", async () => {
    const fault: FaultSpec = { kind: "stop-process", process: "broker" };
    const { stage, verdict } = await play([...joined, { step: "fault", fault, forMs: 5_000 }, submitted, settled]);
    expect(stage.nowMs).toBeGreaterThan(5_000);
    expect(verdict?.result).toBe("pass");
  });

  it("that the model does not have are refused before anything is done", () => {
    const fault: FaultSpec = { kind: "slow-process", process: "donor", cpuPercent: 5 };
    expect(() => checkSimSteps([...joined, ...underFault(fault, [])])).toThrow(
      'The fault "slow-process" does not exist in virtual time.',
    );
  });
});
