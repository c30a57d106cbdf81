import { expect, test } from "vitest";

import { violation } from "../checkers/story.ts";
import type { PropertyWatch } from "../checkers/properties.ts";
import { planFor } from "../simulator/plan/profiles.ts";
import { simulate } from "../simulator/simulate.ts";

const seeds = Array.from({ length: 20 }, (_, number) => `canary-${number}`);

/** A property that no run has: whatever breaks, every agent is known to the broker by the end of the liveness phase. */
function nobodyEverEnrols(): PropertyWatch<"canary"> {
  return {
    see(record) {
      if (record.type !== "broker.enrolled") return null;
      return { checker: "canary", violation: violation("an agent was enrolled", record) };
    },
    end: () => [],
  };
}

test.each(seeds)("a property that is false fails on seed %s, by its own name and with its record", (seed) => {
  const { failure } = simulate(planFor({ seed, profile: "quick" }), { properties: nobodyEverEnrols() });
  expect(failure).toMatchObject({ invariant: "canary", kind: "safety" });
  expect(failure?.story.join("\n")).toContain("an agent was enrolled");
});

test.each(seeds)("the properties that hold in every run hold on seed %s", (seed) => {
  expect(simulate(planFor({ seed, profile: "quick" })).failure).toBeNull();
});
