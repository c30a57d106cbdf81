import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";

import { type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import type { RunVerdict } from "../protocol/verdict.ts";
import { catalog } from "./catalog/catalog.ts";
import { runOptions } from "./config.ts";
import { runOnSim } from "./run-on-sim.ts";
import { defineStep } from "./steps/define-step.ts";
import type { Scenario } from "./steps/scenario.ts";
import { nestedSteps } from "./steps/nested-steps.ts";
import { Step, stepTitle } from "./steps/step.ts";

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "combinators-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

const [first] = catalog as [Scenario];
const load = { step: "submit", batch: "work", jobs: 2, units: 100, unitCpuMs: 10, children: 0 } as const;
const joined: Step[] = [{ step: "start-broker" }, { step: "join", agent: "donor", slots: 2 }];
const working: Step[] = [...joined, load, { step: "await-busy", agent: "donor", sandboxes: 2, withinMs: 5_000 }];

async function play(steps: readonly Step[], seed = "one"): Promise<{ verdict: RunVerdict; records: HistoryRecord[] }> {
  const scenario = { ...first, steps: () => steps, expectations: () => [{ checker: "transitions" }] as const };
  const options = runOptions(scenario, {}, seed);
  const verdict = await runOnSim({ scenario, options, runs, reporters: [], reproduce: "again" });
  const lines = readFileSync(join(runs, verdict.run, "history.jsonl"), "utf8")
    .trim()
    .split("\n");
  const records = lines.map(parseHistoryLine).flatMap((one) => ("record" in one ? [one.record] : []));
  return { verdict, records };
}

function ends(records: readonly HistoryRecord[]): string[] {
  return records.flatMap(({ type, data }) =>
    type === "step.end" ? [`${data.path ?? data.index + 1} ${data.step} ${data.outcome}`] : [],
  );
}

const begun = (records: readonly HistoryRecord[], path: string): number =>
  records.find(({ type, data }) => type === "step.begin" && data.path === path)?.at ?? Number.NaN;

describe("together", () => {
  const steps: Step[] = [
    ...working,
    {
      step: "together",
      branches: [
        [
          { step: "wait", forMs: 300 },
          { step: "pause", agent: "donor" },
        ],
        [
          { step: "wait", forMs: 100 },
          { step: "join", agent: "other", slots: 1 },
        ],
      ],
    },
  ];

  it("lets branches go on side by side, in one and the same time", async () => {
    const { verdict, records } = await play(steps);
    expect(verdict.error).toBeNull();
    const nested = ends(records).filter((line) => line.startsWith("5"));
    expect(nested).toEqual([
      "5.2.1 wait done",
      "5.2.2 join done",
      "5.1.1 wait done",
      "5.1.2 pause done",
      "5 together done",
    ]);
    expect(begun(records, "5.1.2") - begun(records, "5.2.2")).toBe(200);
  });

  it("is a function of its seed, as a run without branches is", async () => {
    const [one, again, other] = [await play(steps), await play(steps), await play(steps, "two")];
    expect(again.verdict.historyDigest).toBe(one.verdict.historyDigest);
    expect(other.verdict.historyDigest).not.toBe(one.verdict.historyDigest);
  });

  it("cuts the other branches short when one fails", async () => {
    const failing: Step[] = [
      ...working,
      {
        step: "together",
        branches: [
          [
            { step: "wait", forMs: 100_000_000 },
            { step: "kill", agent: "donor" },
          ],
          [{ step: "probe", holds: { fact: "state", agent: "donor", is: "Withdrawn" } }],
        ],
      },
    ];
    const { verdict, records } = await play(failing);
    expect(verdict.error).toContain("It does not hold that donor is Withdrawn: Working.");
    expect(ends(records).slice(-3)).toEqual(["5.2.1 probe failed", "5.1.1 wait failed", "5 together failed"]);
    expect(records.some(({ type }) => type === "fault.applied")).toBe(false);
  });
});

describe("during", () => {
  const submit: Step = { ...load, units: 1 };

  it("goes on with the one as long as the others last, and no longer", async () => {
    const { verdict, records } = await play([
      ...working,
      {
        ...{ step: "during", steps: [{ step: "wait", forMs: 950 }] },
        ...{ meanwhile: [submit, { step: "wait", forMs: 40 }], everyMs: 60 },
      },
    ]);
    expect(verdict.error).toBeNull();
    const rounds = ends(records).filter((line) => /^5\.2\.\d+\.1 submit done$/.test(line));
    expect(rounds).toHaveLength(10);
    expect(ends(records).at(-1)).toBe("5 during done");
  });

  it("fails with what must hold meanwhile and does not", async () => {
    const { verdict } = await play([
      ...joined,
      {
        ...{ step: "during", steps: [{ step: "withdraw", agent: "donor", deadlineMs: 5_000 }] },
        ...{ meanwhile: [{ step: "probe", holds: { fact: "state", agent: "donor", is: "Idle" } }], everyMs: 1 },
      },
    ]);
    expect(verdict.error).toContain("It does not hold that donor is Idle: Withdrawing.");
  });
});

describe("repeat", () => {
  it("plays every round, and numbers them", async () => {
    const round: Step[] = [
      { step: "pause", agent: "donor" },
      { step: "resume", agent: "donor" },
    ];
    const { verdict, records } = await play([...working, { step: "repeat", times: 3, steps: round }]);
    expect(verdict.error).toBeNull();
    const paths = ends(records).filter((line) => line.startsWith("5."));
    expect(paths).toEqual(["1", "2", "3"].flatMap((n) => [`5.${n}.1 pause done`, `5.${n}.2 resume done`]));
  });
});

describe("what is looked at", () => {
  it.each<[string, Step]>([
    ["a state", { step: "probe", holds: { fact: "state", agent: "donor", is: "Working" } }],
    ["leases", { step: "probe", holds: { fact: "leases", agent: "donor", min: 2, max: 2 } }],
    ["running jobs", { step: "probe", holds: { fact: "sandboxes-running", agent: "donor", min: 2 } }],
    ["the ledger", { step: "probe", holds: { fact: "ledger-entries", agent: "donor", min: 3 } }],
    ["a home", { step: "probe", holds: { fact: "home", agent: "donor", is: "there" } }],
    ["the broker", { step: "probe", holds: { fact: "broker", is: "up" } }],
    ["who hears it", { step: "probe", holds: { fact: "broker-heard", agent: "donor", is: true } }],
    ["jobs", { step: "probe", holds: { fact: "jobs", batch: "work", state: "leased", min: 2, max: 2 } }],
    [
      "what comes true",
      {
        ...{ step: "eventually-within", withinMs: 60_000 },
        holds: { fact: "jobs", batch: "work", state: "completed", min: 2 },
      },
    ],
    [
      "what has happened",
      { step: "wait-until", event: "agent.execution", where: { to: "running" }, agent: "donor", count: 2, withinMs: 1 },
    ],
  ])("%s holds", async (_, step) => {
    const { verdict } = await play([...working, step]);
    expect(verdict.error).toBeNull();
  });

  it.each<[string, Step, string]>([
    [
      "a fact",
      { step: "probe", holds: { fact: "leases", agent: "donor", max: 1 } },
      "It does not hold that donor holds at most 1 leases: 2 leases.",
    ],
    [
      "one that never comes true",
      { step: "eventually-within", withinMs: 500, holds: { fact: "broker", is: "down" } },
      "Waited 0.5 s in vain for this to hold: the broker is down (at the end: up).",
    ],
    [
      "an event that never comes",
      { step: "wait-until", event: "agent.frozen", agent: "donor", withinMs: 700 },
      "Waited 0.7 s in vain for agent.frozen of donor.",
    ],
  ])("%s that does not hold fails the run", async (_, step, message) => {
    const { verdict } = await play([...working, step]);
    expect(verdict.error).toContain(message);
    expect(verdict.exitCode).toBe(1);
  });

  it("an agent that was killed is down until it is started again", async () => {
    const { verdict, records } = await play([
      ...working,
      { step: "kill", agent: "donor" },
      { step: "probe", holds: { fact: "process", agent: "donor", is: "ended" } },
      { step: "wait", forMs: 20_000 },
      { step: "probe", holds: { fact: "process", agent: "donor", is: "ended" } },
      { step: "restart", agent: "donor", withinMs: 10_000 },
      { step: "eventually-within", withinMs: 20_000, holds: { fact: "broker-heard", agent: "donor", is: true } },
      { step: "withdraw", agent: "donor", deadlineMs: 5_000 },
      { step: "probe", holds: { fact: "home", agent: "donor", is: "gone" } },
    ]);
    expect(verdict.error).toBeNull();
    const faults = records.flatMap(({ type, data }) => (type.startsWith("fault.") ? [JSON.stringify(data)] : []));
    expect(faults.map((text) => text.includes("kill-agent"))).toEqual([true, true]);
  });
});

describe("a step of the author's own", () => {
  const look = defineStep({
    name: "look-around",
    parameters: z.strictObject({ forMs: z.int() }),
    host: () => "",
    async sim(stage, { forMs }) {
      const beganAtMs = stage.nowMs();
      await stage.pass(forMs);
      await stage.play({ step: "pause", agent: "donor" }, { step: "resume", agent: "donor" });
      const { holds, seen } = await stage.look({ fact: "process", agent: "donor", is: "ended" });
      const started = stage.history.filter(({ type }) => type === "agent.started").length;
      return `${stage.agents().join()} ${holds} ${seen} ${started} ${stage.nowMs() - beganAtMs >= forMs}`;
    },
  });

  it("waits, looks, reads the history and plays others as part of it", async () => {
    const { verdict, records } = await play([...working, look({ forMs: 700 })]);
    expect(verdict.error).toBeNull();
    const told = records.flatMap(({ type, data }) => (type === "step.end" && data.step === "own" ? [data.detail] : []));
    expect(told).toEqual(["donor false running 1 true"]);
    expect(ends(records).slice(-3)).toEqual(["5.1.1 pause done", "5.1.2 resume done", "5 own done"]);
  });

  it("fails the run with what it throws, which is no bug of the harness's", async () => {
    const broken = defineStep({
      name: "broken-step",
      host: () => "",
      sim: () => {
        throw new TypeError("x is not a function");
      },
    });
    const { verdict } = await play([...joined, broken()]);
    expect(verdict).toMatchObject({ exitCode: 1, error: expect.stringContaining('"broken-step" failed: x is not') });
  });

  it("without a way in virtual time is refused there, before anything is done", async () => {
    const real = defineStep({ name: "real-step", host: () => "" });
    const steps: Step[] = [...joined, { step: "repeat", times: 1, steps: [real()] }];
    await expect(play(steps)).rejects.toThrow('The step "real-step" does not exist in virtual time.');
  });
});

describe("a step that holds others", () => {
  const nested: Step = {
    ...{ step: "repeat", times: 2 },
    steps: [{ step: "together", branches: [[{ step: "wait", forMs: 1 }], [{ step: "start-broker" }]] }],
  };

  it("is plain data, and says in its title what it holds", () => {
    expect(Step.parse(JSON.parse(JSON.stringify(nested)))).toEqual(nested);
    expect(stepTitle(nested)).toBe("2 times: together: let 1 ms pass | start the broker");
    expect(nestedSteps(nested)).toHaveLength(1);
  });

  it("is refused with what is wrong in it", () => {
    const wrong = { step: "repeat", times: 2, steps: [{ step: "together", branches: [[{ step: "wait" }]] }] };
    const parsed = Step.safeParse(wrong);
    expect(parsed.error?.issues[0]?.path).toEqual(["steps", 0, "branches", 0, 0, "forMs"]);
  });
});
