import { expect, test } from "vitest";

import { catalog } from "../catalog/catalog.ts";
import { judgeExpectation } from "../checkers/registry.ts";
import { applicableTo } from "./applicable.ts";
import type { AgentDefinition } from "./define-agent.ts";

const bare: AgentDefinition = { name: "guest", join: ["join"], withdraw: ["leave"] };
const whole: AgentDefinition = { ...bare, pause: ["pause"], resume: ["resume"], usesBroker: true };

test.each(catalog)("$name: what applies to a guest that can do nothing holds of no empty history", (scenario) => {
  const wanted = scenario.expectations(scenario.defaults);
  for (const definition of [bare, { ...whole, usesBroker: false }]) {
    const { judged, notApplicable } = applicableTo(definition, wanted);
    expect(judged.filter((one) => judgeExpectation([], one, []).result === "pass")).toEqual([]);
    const told = new Set([...judged.map(({ checker }) => checker), ...notApplicable.map(({ id }) => id)]);
    for (const { checker } of wanted) expect(told).toContain(checker);
  }
});

test("a guest that pauses is held to it, and one that does not is told of", () => {
  const wanted = [{ checker: "pause-silence" }, { checker: "transitions" }] as const;
  expect(applicableTo(whole, wanted)).toMatchObject({
    judged: [{ checker: "pause-silence" }],
    notApplicable: [{ id: "transitions", detail: "it goes by what guest does not record" }],
  });
  const { judged, notApplicable } = applicableTo(bare, wanted);
  expect(judged).toEqual([]);
  expect(notApplicable[0]).toMatchObject({ id: "pause-silence", detail: "guest has no pause" });
});

test("instead of its own report on its withdrawal, what was seen of that is judged", () => {
  const { judged } = applicableTo(bare, [{ checker: "withdrawal-measured" }]);
  expect(judged).toEqual([{ checker: "withdrawal-bound" }]);
});

test("what the broker records of one that works for it is judged", () => {
  const wanted = [{ checker: "completion-once" }] as const;
  expect(applicableTo(whole, wanted).judged).toHaveLength(1);
  expect(applicableTo(bare, wanted).judged).toEqual([]);
});
