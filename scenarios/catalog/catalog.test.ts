import { describe, expect, it } from "vitest";

import { defaultTiming } from "../../protocol/timing.ts";
import { brokenTimingRules } from "../../protocol/timing-rules.ts";
import { Step, stepTitle } from "../steps/step.ts";
import { catalog, scenarioNamed } from "./catalog.ts";

describe("catalog", () => {
  it.each(catalog.map((scenario) => [scenario.name, scenario] as const))("%s is plain, valid data", (_, scenario) => {
    const steps = scenario.steps(scenario.defaults);
    for (const step of steps) expect(Step.parse(JSON.parse(JSON.stringify(step)))).toEqual(step);
    expect(steps.map(stepTitle).every((title) => title.length > 0)).toBe(true);
    expect(scenario.expectations(scenario.defaults).length).toBeGreaterThan(0);
    expect(brokenTimingRules({ ...defaultTiming, ...scenario.timing })).toEqual([]);
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
