import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { PlanStep } from "../simulator/plan/plan.ts";
import { planFor } from "../simulator/plan/profiles.ts";
import { planFileName, readPlan, writePlan } from "./plan-file.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "plan-file-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe("plan files", () => {
  const plan = planFor({ seed: "a plan", profile: "swarm" });
  const withOptions = (options: object) => JSON.stringify({ ...plan, options: { ...plan.options, ...options } });

  const cast = { ...plan.options, agents: 2 };
  const withSteps = (step: PlanStep) =>
    JSON.stringify({ ...plan, options: cast, steps: [{ atMs: 0, do: "pause", agent: 1 }, step] });

  it("may name every agent of the cast, and none", () => {
    const file = join(place, "plan.json");
    writeFileSync(file, withSteps({ atMs: 5, do: "jump-clock", agent: null, byMs: 1 }));
    expect(readPlan(file).steps).toHaveLength(2);
  });

  it("give back the plan that was written, in a folder that is made for it", () => {
    const file = join(place, "deep", "down", "plan.json");
    writePlan(file, plan);
    expect(readPlan(file)).toEqual(plan);
  });

  it("are the same whatever the order of the fields was", () => {
    const turned = Object.fromEntries(Object.entries(plan).toReversed()) as typeof plan;
    writePlan(join(place, "one.json"), plan);
    writePlan(join(place, "other.json"), turned);
    expect(readFileSync(join(place, "other.json"), "utf8")).toBe(readFileSync(join(place, "one.json"), "utf8"));
  });

  it.each([
    ["no-plan", undefined, "ENOENT"],
    ["broken-plan", "{", "no plan that can be run"],
    ["broken-plan", "[]", "is no plan: "],
    ["broken-plan", '{"name": "houseguest", "version": "0.1.0"}', "is no plan: "],
    ["broken-plan", '{"version": 2, "findings": []}', "is no plan: "],
    ["broken-plan", JSON.stringify({ ...plan, profile: "nonsense" }), 'the profile "nonsense" is none of swarm, quick'],
    [
      "broken-plan",
      withSteps({ atMs: 5, do: "withdraw", agent: 2, deadlineMs: 9 }),
      "steps[1] (withdraw) names agent 2",
    ],
    [
      "broken-plan",
      withSteps({ atMs: 5, do: "jump-clock", agent: 99, byMs: 1 }),
      "steps[1] (jump-clock) names agent 99",
    ],
    ["broken-plan", JSON.stringify({ ...plan, steps: [{ do: "dance", atMs: 0 }] }), "steps"],
    ["broken-plan", JSON.stringify({ ...plan, extra: true }), "extra"],
    ["broken-plan", withOptions({ safetyMs: 1e300 }), "safetyMs"],
    ["broken-plan", withOptions({ latencyMsMin: 9, latencyMsMax: 8 }), "latencyMsMin 9 is more than latencyMsMax 8"],
    ["broken-plan", withOptions({ timing: { ...plan.options.timing, leaseTtlMs: 1 } }), "leaseTtlMs"],
    ["plan-version", JSON.stringify({ ...plan, version: 2 }), "version 2"],
  ])("are refused as %s when they cannot be run", (code, content, says) => {
    const file = join(place, "plan.json");
    if (content !== undefined) writeFileSync(file, content);
    expect(() => readPlan(file)).toThrow(
      expect.objectContaining({ code, exitCode: 64, message: expect.stringContaining(says) }),
    );
  });

  it("cannot be written where a file is in the way", () => {
    writeFileSync(join(place, "file"), "");
    expect(() => writePlan(join(place, "file", "plan.json"), plan)).toThrow(
      expect.objectContaining({ code: "plan-file" }),
    );
  });

  it.each([
    ["42", "L2-42.json"],
    ["v1.2-rc_3", "L2-v1.2-rc_3.json"],
    ["../../etc/passwd", /^L2-\.\._\.\._etc_passwd-[\da-f]{8}\.json$/],
    ["x".repeat(300), /^L2-x{60}-[\da-f]{8}\.json$/],
    ["ä ö", /^L2-___-[\da-f]{8}\.json$/],
  ])("are named for their seed %s, whatever it is", (seed, name) => {
    expect(planFileName({ invariant: "L2", seed })).toEqual(
      typeof name === "string" ? name : expect.stringMatching(name),
    );
  });
});
