import { isDeepStrictEqual } from "node:util";

import * as z from "zod";

import { stageNames } from "../../protocol/stage-names.ts";
import { limits } from "../../foundation/limits.ts";
import { messageOf } from "../../foundation/errors.ts";
import { defaultTiming, Timing } from "../../protocol/timing.ts";
import { type CheckerName, checkers } from "../checkers/registry.ts";
import type { CheckerSettings } from "../checkers/setting.ts";
import { settingProblems } from "../checkers/setting-problems.ts";
import { needNames } from "../needs/needs.ts";
import { completeScenario, type ScenarioDefinition } from "../steps/define-scenario.ts";
import { stepNames } from "../steps/step.ts";
import { castProblems } from "./check-cast.ts";
import { type Problem, unknownWord } from "./file-problem.ts";
import { issueProblems } from "./issue-problems.ts";
import { StepProblems } from "./step-problems.ts";
import { storeKinds } from "../steps/store-kinds.ts";

const count = (max: number) => z.int().min(1).max(max).optional();
const Definition = z.strictObject({
  name: z.string(),
  title: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
  requirements: z.array(z.string().min(1)).optional(),
  tags: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/, "in lower case, without @")).optional(),
  stages: z.array(z.enum(stageNames)).min(1).optional(),
  needs: z.array(z.enum(needNames)).optional(),
  hurts: z.string().min(1).optional(),
  hostWide: z.boolean().optional(),
  store: z.enum(storeKinds).optional(),
  defaults: z
    .strictObject({
      slots: count(limits.slotsMax),
      jobs: count(limits.jobsPerRunMax),
      cycles: count(limits.cyclesMax),
    })
    .optional(),
  timing: z.strictObject(Timing.shape).partial().optional(),
  steps: z.unknown(),
  expectations: z.unknown(),
});

const Expectation = z.strictObject({
  checker: z.string(),
  /** What each takes is its checker's to say, of values of any kind. */
  settings: z.record(z.string(), z.unknown()).optional(),
});

/** Everything that can be said against a scenario before it is played, with what was probably meant. */
export function definitionProblems(definition: ScenarioDefinition): Problem[] {
  const head = issueProblems(Definition, definition, { what: "a scenario" });
  if (head.length > 0) return head;
  const scenario = completeScenario(definition, "");
  const steps = listOf("steps", () => scenario.steps(scenario.defaults));
  const expectations = listOf("expectations", () => scenario.expectations(scenario.defaults));
  if ("path" in steps) return [steps];
  if ("path" in expectations) return [expectations];
  const timing = { ...defaultTiming, ...scenario.timing };
  const wrong = new StepProblems(stepNames, timing).of(steps.list, ["steps"]);
  return [
    ...wrong,
    ...castProblems(steps.list, wrong),
    ...expectations.list.flatMap(expectationProblems),
    ...repeatProblems(expectations.list),
  ];
}

/** What is expected twice in the very same way was meant to be told something else, or to be another checker. */
function repeatProblems(expectations: readonly unknown[]): Problem[] {
  return expectations.flatMap((expectation, index) => {
    const first = expectations.findIndex((one) => isDeepStrictEqual(one, expectation));
    if (first === index || typeof expectation !== "object" || expectation === null || !("checker" in expectation))
      return [];
    const message = `the checker "${String(expectation.checker)}" is expected twice in the very same way: leave one out`;
    return [{ path: ["expectations", index], message }];
  });
}

const isChecker = (name: string): name is CheckerName => Object.hasOwn(checkers, name);

/** A function of the author's may throw, or give something else than a list. */
function listOf(field: string, give: () => unknown): Problem | { readonly list: readonly unknown[] } {
  try {
    const list = give();
    if (Array.isArray(list) && list.length > 0) return { list };
    return { path: [field], message: Array.isArray(list) ? `${field} is empty` : `${field} gives no list` };
  } catch (error) {
    return { path: [field], message: `${field} throws: ${messageOf(error)}` };
  }
}

function expectationProblems(expectation: unknown, index: number): Problem[] {
  const path = ["expectations", index];
  const problems = issueProblems(Expectation, expectation, { path, what: "an expectation" });
  if (problems.length > 0) return problems;
  const { checker, settings = {} } = expectation as { checker: string; settings?: CheckerSettings };
  if (!isChecker(checker)) {
    return [
      { path: [...path, "checker"], text: checker, message: unknownWord("checker", checker, Object.keys(checkers)) },
    ];
  }
  return settingProblems({ checker, table: checkers[checker].settings }, settings).map(({ name, message }) =>
    name === undefined ? { path, message } : { path: [...path, "settings", name], text: name, message },
  );
}
