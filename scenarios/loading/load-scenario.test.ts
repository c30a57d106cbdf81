import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";

const loader = resolve(import.meta.dirname, "testing/load-all.ts");

const place = realpathSync(mkdtempSync(join(tmpdir(), "load-scenario-")));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const sources: string[] = [];
let loaded: Promise<readonly Record<string, unknown>[]> | undefined;

/** A file to be loaded with all the others; its number among them. */
function given(source: string): number {
  const folder = join(place, String(sources.push(source) - 1));
  mkdirSync(folder);
  writeFileSync(join(folder, "mine.ts"), source);
  return sources.length - 1;
}

/** What became of it; all are loaded by one process, which is started for the first. */
async function result(index: number): Promise<Record<string, unknown>> {
  const files = sources.map((_, at) => join(place, String(at), "mine.ts"));
  loaded ??= execa(process.execPath, [loader, ...files], { cwd: place }).then(
    ({ stdout, stderr, exitCode }) => jsonOf({ stdout, stderr, exitCode }) as Record<string, unknown>[],
  );
  return (await loaded)[index] ?? {};
}

async function refusal(index: number): Promise<string> {
  const { message, ...refused } = await result(index);
  expect(refused).toEqual({ code: "bad-file", exitCode: 64 });
  return String(message).replaceAll(`${index}/`, "");
}

const head = 'import { defineScenario, defineStep } from "houseguest";\n';
const broker = '{ step: "start-broker" }';
const donorJoins = '{ step: "join", agent: "donor", slots: 2 }';
const judged = 'expectations: [{ checker: "transitions" }],';

/** Of a file whose fifth line is a step after two that are right. */
const withStep = (step: string) =>
  `${head}export default defineScenario({\n  name: "mine",\n  steps: [${broker}, ${donorJoins},\n    ${step},\n  ],\n  ${judged}\n});\n`;

describe("a step is refused by its line and the nearest right name:", () => {
  const wrong: [string, string, string][] = [
    ["a kind", '{ step: "with-draw", agent: "donor" }', 'no step "with-draw": did you mean "withdraw"?'],
    [
      "a field",
      '{ step: "wait", forMs: 3, formMs: 4 }',
      'the step "wait" has no field "formMs": did you mean "forMs"?',
    ],
    [
      "an agent",
      '{ step: "pause", agent: "doner" }',
      'no agent "doner": did you mean "donor"? (no earlier step brings it)',
    ],
    [
      "a batch",
      '{ step: "verify-results", batch: "work" }',
      'no batch of jobs "work": there is none at all (no earlier step brings it)',
    ],
    [
      "a value",
      '{ step: "wait", forMs: "3" }',
      'the step "wait", forMs: Invalid input: expected number, received string',
    ],
    [
      "a fact",
      '{ step: "probe", holds: { fact: "stat", agent: "donor", is: "Idle" } }',
      'no fact "stat": did you mean "state"?',
    ],
    [
      "a kind of fault",
      '{ step: "fault", fault: { kind: "kill-proces", process: "broker" } }',
      'no fault "kill-proces": did you mean "kill-process"?',
    ],
    [
      "the agent of a fact",
      '{ step: "probe", holds: { fact: "leases", agent: "dona", min: 1 } }',
      'no agent "dona": did you mean "donor"? (no earlier step brings it)',
    ],
    [
      "an event",
      '{ step: "wait-until", event: "agent.forzen", withinMs: 1 }',
      'the step "wait-until", event: no value "agent.forzen": did you mean "agent.frozen"? (`scenarios events` lists them)',
    ],
    [
      "an event that is like none",
      '{ step: "wait-until", event: "qqq", withinMs: 1 }',
      'the step "wait-until", event: no value "qqq" (`scenarios events` lists them)',
    ],
    [
      "a field of an event",
      '{ step: "wait-until", event: "agent.frozen", where: { freezMs: 1 }, withinMs: 1 }',
      'the event "agent.frozen" has no field "freezMs": did you mean "freezeMs"?',
    ],
    [
      "a value of an event's field",
      '{ step: "wait-until", event: "agent.execution", where: { to: "runing" }, withinMs: 1 }',
      'to of the event "agent.execution" is never "runing": did you mean "running"?',
    ],
    [
      "a value of another kind in an event's field",
      '{ step: "wait-until", event: "agent.frozen", where: { freezeMs: "1" }, withinMs: 1 }',
      'freezeMs of the event "agent.frozen" is never "1": Invalid input: expected number, received string',
    ],
    [
      "a fault to be healed",
      '{ step: "together", branches: [[{ step: "fault", fault: { kind: "stop-process", process: "donor" }, as: "still" }], [{ step: "heal", fault: "stil" }]] }',
      'no fault "stil": did you mean "still"? (no earlier step applies it)',
    ],
    [
      "a fault to be healed, where there is none",
      '{ step: "heal", fault: "stop-process" }',
      'no fault "stop-process": there is none at all (no earlier step applies it)',
    ],
    [
      "a fault that is healed before it is applied",
      '{ step: "repeat", times: 2, steps: [{ step: "heal", fault: "load" }, { step: "fault", fault: { kind: "load", cpus: 1, atMostS: 5 } }] }',
      'no fault "load": there is none at all (no earlier step applies it)',
    ],
    [
      "a time for which no timer waits",
      '{ step: "wait", forMs: 2_600_000_000 }',
      'the step "wait", forMs: Too big: expected number to be <=2147483647',
    ],
    [
      "a broker that hears nothing again, because it stays away",
      '{ step: "kill-broker", replays: "donor" }',
      'the step "kill-broker", replays: nothing is said again to a broker that stays away: give `downMs`',
    ],
    [
      "a broker that is away for longer than a signature is taken",
      '{ step: "kill-broker", downMs: 299_000, replays: "donor" }',
      'the step "kill-broker", downMs: with replays it is less than 299000, a second below the timing\'s signatureWindowMs',
    ],
    [
      "an agent whose call is said again",
      '{ step: "kill-broker", downMs: 500, replays: "doner" }',
      'no agent "doner": did you mean "donor"? (no earlier step brings it)',
    ],
    ["no step", '"withdraw"', "this is no step: a step is an object with the field `step`"],
  ];
  const files = wrong.map(([what, step, says]): [string, number, string] => [what, given(withStep(step)), says]);

  it.each(files)("%s", async (_, file, says) => {
    const [line, ...others] = (await refusal(file)).split("\n");
    expect(line).toContain(`mine.ts:5: ${says}`);
    expect(others).toEqual([]);
  });

  const several = given(
    withStep(`{ step: "pasue", agent: "donor" }, { step: "heal", fault: "what-pasue-may-have-applied" },
    { step: "jion", agent: "other", slots: 1 },
    { step: "repeat", times: 1, steps: [{ step: "pause", agent: "other" }, { step: "resume", agnt: "other" }] },
    { step: "withdraw", agent: "doner", deadlineMs: 5 }`),
  );
  it("one beside others that are wrong, which may have brought what they name", async () => {
    expect((await refusal(several)).split("\n")).toEqual([
      'mine.ts:5: no step "pasue": did you mean "pause"?',
      'mine.ts:6: no step "jion": did you mean "join"?',
      expect.stringContaining('mine.ts:7: the step "resume", agent: Invalid input'),
      'mine.ts:7: the step "resume" has no field "agnt": did you mean "agent"?',
      'mine.ts:8: no agent "doner": did you mean "donor"? (no earlier step brings it)',
    ]);
  });

  const inner = given(
    withStep(
      `{ step: "repeat", times: 2,\n steps: [{ step: "together",\n branches: [[\n { step: "pasue", agent: "donor" }]] }] }`,
    ),
  );
  it("one that others hold", async () => {
    expect(await refusal(inner)).toBe('mine.ts:8: no step "pasue": did you mean "pause"?');
  });

  const own = given(`${head}import * as z from ${JSON.stringify(import.meta.resolve("zod"))};
const dig = defineStep({ name: "dig", parameters: z.strictObject({ deepM: z.number() }), host: () => "" });
export default defineScenario({ name: "mine", ${judged}
  steps: () => [
    dig({
      deepM: "3",
    }),
    { step: "own", name: "dug" },
  ],
});`);
  it("one of the author's own, which takes other parameters", async () => {
    expect((await refusal(own)).split("\n")).toEqual([
      'mine.ts:7: the step "dig", deepM: Invalid input: expected number, received string',
      'mine.ts:9: no step of your own "dug": did you mean "dig"?',
    ]);
  });

  const alone = given(
    `${head}const steps = [\n ${donorJoins}];\nconst mine = defineScenario({ name: "mine", steps, ${judged} });\nexport default mine;`,
  );
  it("without a broker", async () => {
    expect(await refusal(alone)).toBe('mine.ts:3: no broker is there for "join": begin with the step "start-broker"');
  });

  const computed = given(
    `${head}const kind = () =>\n "with-draw";\nconst steps = () => [1].map(() => ({ step: kind(), agent: "a" }));\nexport default defineScenario({ name: "mine", steps, ${judged} });`,
  );
  it("wherever the source computes it, if its word stands there but once", async () => {
    expect(await refusal(computed)).toBe('mine.ts:3: no step "with-draw": did you mean "withdraw"?');
  });
});

describe("a file is refused that", () => {
  const scenario = (fields: string) => `${head}export default defineScenario({\n  ${fields}\n});\n`;
  const steps = `steps: [${broker}]`;

  const wrong: [string, string, string][] = [
    ["has no default export", "export const mine = 1;", "mine.ts:1: it has no default export: write"],
    [
      "exports something else",
      "\nexport default { steps: [] };",
      "mine.ts:2: its default export is no scenario: write",
    ],
    ["cannot be read as a program", `${head}\nexport default [1,\n};`, "mine.ts:4: Expression expected"],
    ["throws", `${head}\nthrow new Error("not today");`, "mine.ts:3: not today"],
    ["imports what there is not", 'import { defineScenaro } from "houseguest";', 'did you mean "defineScenario"?'],
    ["has no name", scenario(`${steps}, ${judged}`), "mine.ts:2: a scenario needs a name"],
    ["has no good name", scenario(`${steps}, ${judged}\nname: "Mine"`), 'mine.ts:4: "Mine" is no name'],
    ["has no steps", scenario(`name: "mine", ${judged}`), "a scenario needs steps"],
    ["has no step", scenario(`name: "mine", ${judged}\nsteps: () => []`), "mine.ts:4: steps is empty"],
    [
      "throws later",
      scenario(`name: "mine", ${judged}\nsteps() { throw new Error("x") }`),
      "mine.ts:4: steps throws: x",
    ],
    [
      "has a field that there is not",
      scenario(`name: "mine", ${steps}, ${judged}\ntilte: "x"`),
      'mine.ts:4: a scenario has no field "tilte": did you mean "title"?',
    ],
    [
      "names a time that there is not",
      scenario(`name: "mine", ${steps}, ${judged}\ntiming: {\nleaseTtlMS: 1 }`),
      'mine.ts:5: timing of a scenario has no field "leaseTtlMS": did you mean "leaseTtlMs"?',
    ],
    [
      "names a checker that there is not",
      scenario(`name: "mine", ${steps}, expectations: [\n{ checker: "transition" }]`),
      'mine.ts:4: no checker "transition": did you mean "transitions"?',
    ],
    [
      "names a checker's setting that there is not",
      scenario(`name: "mine", ${steps}, expectations: [\n{ checker: "jobs-settled", settings: {\nstartedMn: 5 } }]`),
      'mine.ts:5: the checker "jobs-settled" has no setting "startedMn": did you mean "startedMin"?',
    ],
    [
      "gives a setting what it does not take",
      scenario(
        `name: "mine", ${steps}, expectations: [{ checker: "results-correct",\nsettings: { resultsMin: "5" } }]`,
      ),
      'mine.ts:4: the setting "resultsMin" of the checker "results-correct" cannot be "5": it takes a whole number from 1',
    ],
    [
      "gives a setting a name that there is not",
      scenario(`name: "mine", ${steps}, expectations: [{ checker: "withdrawn-from",\nsettings: { from: "idle" } }]`),
      'mine.ts:4: the setting "from" of the checker "withdrawn-from" cannot be "idle": did you mean "Idle"?',
    ],
    [
      "expects the very same twice",
      scenario(
        `name: "mine", ${steps}, expectations: [\n{ checker: "results-correct" }, { checker: "results-correct", settings: { resultsMin: 2 } },\n{ checker: "results-correct" }]`,
      ),
      'mine.ts:5: the checker "results-correct" is expected twice in the very same way: leave one out',
    ],
    [
      "leaves out what a checker needs",
      scenario(`name: "mine", ${steps}, expectations: [\n{ checker: "grace-given", settings: { mostMs: 100 } }]`),
      'mine.ts:4: the checker "grace-given" needs the setting "graceMs" (ms): ',
    ],
  ];
  const files = wrong.map(([what, source, says]): [string, number, string] => [what, given(source), says]);

  it.each(files)("%s", async (_, file, says) => expect(await refusal(file)).toContain(says));
});

describe("a file that is right", () => {
  const right = given(withStep('{ step: "withdraw", agent: "donor", deadlineMs: 5 }'));
  const healed = given(
    withStep(`{ step: "during", meanwhile: [{ step: "fault", fault: { kind: "load", cpus: 1, atMostS: 5 } }],
      steps: [{ step: "heal", fault: "load" }] }, { step: "heal" }, { step: "heal", fault: "load" }`),
  );
  it("may heal what goes on side by side may have applied, and may have healed before", async () => {
    expect(await result(healed)).toMatchObject({ steps: 5 });
  });

  it("is a scenario with every default filled in", async () => {
    expect(await result(right)).toEqual({
      ...{ name: "mine", title: "mine", description: "mine", file: join(place, String(right), "mine.ts") },
      ...{ requirements: [], tags: [], stages: ["host"], timing: {} },
      ...{ defaults: { slots: 2, jobs: 4, cycles: 1 }, steps: 3, expectations: [{ checker: "transitions" }] },
    });
  });
});
