import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { defaultTiming } from "../../protocol/timing.ts";
import { brokenTimingRules } from "../../protocol/timing-rules.ts";
import { checkers } from "../checkers/registry.ts";
import { settingProblems } from "../checkers/setting-problems.ts";
import { definitionProblems } from "../loading/check-definition.ts";
import { checkSimSteps } from "../stages/sim/steps.ts";
import { settledWithinMs } from "../steps/kinds/await-settled.ts";
import { nestedSteps } from "../steps/nested-steps.ts";
import { Step, stepTitle } from "../steps/step.ts";
import { catalog, scenarioNamed } from "./catalog.ts";

const rows = readFileSync(new URL("../../docs/requirements.md", import.meta.url), "utf8");

describe("catalog", () => {
  it.each(catalog)("$name cites rows that there are, and words to find it by", ({ requirements, tags, stages }) => {
    expect(requirements.length).toBeGreaterThan(0);
    for (const row of requirements) expect(rows).toContain(`\n| ${row} |`);
    expect([...tags, ...stages].every((word) => /^[a-z]+$/.test(word))).toBe(true);
    expect([tags.length > 0, stages.length > 0]).toEqual([true, true]);
  });

  it.each(catalog)("$name names the stage sim exactly if it can be played there", (scenario) => {
    const play = () => checkSimSteps(scenario.steps(scenario.defaults));
    if (scenario.stages.includes("sim")) expect(play).not.toThrow();
    else expect(play).toThrow("does not exist in virtual time");
  });

  it.each(catalog.map((scenario) => [scenario.name, scenario] as const))("%s is plain, valid data", (_, scenario) => {
    const steps = scenario.steps(scenario.defaults);
    for (const step of steps) expect(Step.parse(JSON.parse(JSON.stringify(step)))).toEqual(step);
    expect(steps.map(stepTitle).every((title) => title.length > 0)).toBe(true);
    expect(scenario.expectations(scenario.defaults).length).toBeGreaterThan(0);
    expect(brokenTimingRules({ ...defaultTiming, ...scenario.timing })).toEqual([]);
  });

  const sizes = [1, 2, 5].flatMap((slots) => [1, 4, 9].map((jobs) => ({ slots, jobs, cycles: slots })));
  it.each(catalog)("$name tells checkers what they know, whatever its size", (scenario) => {
    const told = [scenario.defaults, ...sizes].flatMap((knobs) => scenario.expectations(knobs));
    const wrong = told.flatMap(({ checker, settings = {} }) =>
      settingProblems({ checker, table: checkers[checker].settings }, settings),
    );
    expect(wrong).toEqual([]);
    for (const knobs of [scenario.defaults, ...sizes]) {
      const told = scenario.expectations(knobs).map((one) => JSON.stringify(one));
      expect(told).toEqual([...new Set(told)]);
    }
  });

  it.each(catalog)("$name would be taken from a file of somebody's own", (scenario) => {
    const { name, defaults } = scenario;
    const steps = scenario.steps(defaults);
    expect(definitionProblems({ name, steps, expectations: scenario.expectations(defaults) })).toEqual([]);
  });

  it.each(catalog)("$name says so where it writes to the crontab of whoever runs it", (scenario) => {
    const flat = (steps: readonly Step[]): Step[] =>
      steps.flatMap((step) => [step, ...nestedSteps(step).flatMap(flat)]);
    const writes = flat(scenario.steps(scenario.defaults)).some(
      (step) =>
        (step.step === "join" && step.autostart === true) ||
        (step.step === "submit" && step.behaviour === "edits-crontab"),
    );
    expect(/crontab/.test(scenario.hurts ?? "")).toBe(writes);
  });

  it.each(catalog)("$name waits for its jobs the longer the more there are", (scenario) => {
    const jobs = 500;
    const flat = (steps: readonly Step[]): Step[] =>
      steps.flatMap((step) => [step, ...nestedSteps(step).flatMap(flat)]);
    for (const step of flat(scenario.steps({ ...scenario.defaults, jobs }))) {
      if (step.step === "await-settled") expect(settledWithinMs(step, jobs)).toBeGreaterThan(2_000 * jobs);
    }
    expect(scenario.steps(scenario.defaults).length).toBeGreaterThan(0);
  });

  it.each([
    ["withdraw-under-laod", "withdraw-under-load"],
    ["Rapid-Pause-Resume", "rapid-pause-resume"],
    ["join", "join-work-pause-resume-withdraw"],
  ])("suggests the nearest name for %s", (wrong, right) => {
    expect(() => scenarioNamed(wrong)).toThrow(
      expect.objectContaining({ code: "unknown-scenario", next: expect.stringContaining(right) }),
    );
  });

  it("suggests the list when nothing is near", () => {
    expect(() => scenarioNamed("xyz")).toThrow(
      expect.objectContaining({ next: expect.stringContaining("scenarios list") }),
    );
  });
});
