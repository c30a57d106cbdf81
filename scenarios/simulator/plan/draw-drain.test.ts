import { expect, test } from "vitest";

import { seededTape } from "../kernel/choices.ts";
import { drawDrain } from "./draw-drain.ts";
import { Plan } from "./plan.ts";
import { planFor } from "./profiles.ts";

const { options } = planFor({ seed: "drain", profile: "quick" });

test("each is a drain with what goes on around it: work, a repeat, lost answers, an agent that is to be started", () => {
  const kinds = new Map<string, number>();
  let repeats = 0;
  let early = 0;
  for (let number = 0; number < 500; number += 1) {
    const steps = drawDrain(seededTape(`drain-${number}`).stream("drain"), options);
    const plan = Plan.parse({ version: 1, seed: "s", profile: "quick", options, steps, tape: "seeded" });
    const [first, second] = plan.steps.filter((step) => step.do === "drain");
    expect(first).toEqual(plan.steps[0]);
    if (second !== undefined) {
      repeats += 1;
      // Before the broker's process ends, and the drain with it.
      expect(second.atMs).toBeLessThanOrEqual(first!.atMs + first!.forMs);
    }
    if (first!.atMs <= options.joinWithinMs) early += 1;
    for (const kind of new Set(plan.steps.map((step) => step.do))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect([...kinds.keys()].sort()).toEqual(["disturb-link", "drain", "spawn", "submit"]);
  for (const count of [repeats, early, ...kinds.values()]) expect(count).toBeGreaterThan(80);
});

test("some plans of every profile that breaks anything have one, and what else a seed stands for stays as it is", () => {
  const drained = (profile: "quick" | "swarm" | "calm") =>
    Array.from({ length: 200 }, (_, number) => planFor({ seed: `drain-${number}`, profile })).filter(({ steps }) =>
      steps.some((step) => step.do === "drain"),
    );
  expect(drained("quick").length).toBeGreaterThan(10);
  expect(drained("swarm").length).toBeGreaterThan(10);
  expect(drained("calm")).toEqual([]);
});
