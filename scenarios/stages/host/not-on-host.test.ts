import { describe, expect, it } from "vitest";

import { UsageError } from "../../../foundation/errors.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { JobBehaviour, Plan, type PlanStep } from "../../simulator/plan/plan.ts";
import { checkOnHost, takenLoosely } from "./not-on-host.ts";

function planOf(steps: readonly PlanStep[], agents = 2): Plan {
  const times = {
    safetyMs: 1_000,
    livenessMs: 1_000,
    joinWithinMs: 0,
    latencyMsMin: 1,
    latencyMsMax: 2,
    clockSkewMs: 0,
  };
  const options = { agents, slots: 1, timing: defaultTiming, ...times, encoding: "objects" as const };
  return Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps, tape: [] });
}
const submit = (changes: Partial<JobBehaviour> = {}): PlanStep => ({
  ...{ atMs: 1_500, do: "submit", jobs: 1, behaviour: { ...JobBehaviour.parse({}), ...changes } },
});
const kill = { afterEffects: 0, edge: "after" } as const;
const possible: PlanStep[] = [
  submit({ units: 3, unitMs: 20, children: 2, megabytes: 4 }),
  { atMs: 0, do: "cancel", job: 0 },
  { atMs: 0, do: "pause", agent: 0 },
  { atMs: 0, do: "resume", agent: 0 },
  { atMs: 0, do: "withdraw", agent: 0, deadlineMs: 1_000 },
  { atMs: 0, do: "signal", agent: 0, name: "SIGTERM", downMs: 0 },
  { atMs: 0, do: "command", agent: 0, command: "goodbye" },
  { atMs: 0, do: "kill-agent", agent: 0, downMs: 0, ...kill },
  { atMs: 0, do: "stall-agent", agent: 0, forMs: 10 },
  { atMs: 0, do: "kill-broker", downMs: 0, ...kill },
  { atMs: 0, do: "stall-broker", forMs: 10 },
  { atMs: 0, do: "drain", forMs: 10, downMs: 10 },
];
const impossible: [string, PlanStep][] = [
  ["crash-host at 2.00 s", { atMs: 2_000, do: "crash-host", agent: 0, downMs: 0 }],
  ["fail-checkpoints at 2.00 s", { atMs: 2_000, do: "fail-checkpoints", agent: 0, forMs: 1 }],
  ["fail-spawns at 2.00 s", { atMs: 2_000, do: "fail-spawns", agent: 0, forMs: 1 }],
  ["rot-checkpoints at 2.00 s", { atMs: 2_000, do: "rot-checkpoints", agent: 0 }],
  ["jump-clock at 2.00 s", { atMs: 2_000, do: "jump-clock", agent: null, byMs: 1 }],
  ["disturb-link at 2.00 s", { atMs: 2_000, do: "disturb-link", agent: 0, forMs: 1, direction: "both", how: "cut" }],
  ["stall-store at 2.00 s", { atMs: 2_000, do: "stall-store", forMs: 1 }],
  ["lose-store at 2.00 s", { atMs: 2_000, do: "lose-store", downMs: 1, writes: null }],
  ["stranger at 2.00 s", { atMs: 2_000, do: "stranger", pauses: false }],
  ["submit at 1.50 s of jobs with onTerm", submit({ onTerm: "unkillable" })],
  ["submit at 1.50 s of jobs with spawnFails, crontabLine", submit({ spawnFails: true, crontabLine: true })],
];

describe("checkOnHost", () => {
  it("takes every step that real processes can do", () => expect(checkOnHost(planOf(possible))).toBeUndefined());

  it.each(impossible)("refuses %s", (words, step) => {
    expect(() => checkOnHost(planOf([...possible, step]))).toThrow(UsageError);
    expect(() => checkOnHost(planOf([...possible, step]))).toThrow(words);
  });

  it("names them all, and what could be done", () => {
    const steps = impossible.map(([, step]) => step);
    const all = new RegExp(impossible.map(([words]) => words).join("; "));
    expect(() => checkOnHost(planOf(steps))).toThrow(all);
    expect(() => checkOnHost(planOf(steps))).toThrow(
      expect.objectContaining({ code: "not-on-host", next: expect.stringContaining("--stage sim") }),
    );
  });

  it("refuses a cast that is too large for one machine", () => {
    expect(() => checkOnHost(planOf([], 17))).toThrow("17 agents (at most 16)");
  });
});

describe("takenLoosely", () => {
  it("says what real processes do not do to the letter", () => {
    const torn: PlanStep = { atMs: 0, do: "kill-agent", agent: 0, downMs: 0, afterEffects: 3, edge: "torn" };
    expect(takenLoosely(planOf([torn]))).toEqual(["1 kills come at their time, not after so many effects"]);
    expect(takenLoosely(planOf(possible))).toEqual([]);
  });
});
