import { expect, test } from "vitest";

import type { AgentEffect } from "../../../agent/core/effect.ts";
import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import type { AgentBody } from "./agent-body.ts";
import { AgentEffects } from "./agent-effects.ts";
import type { Network } from "./network.ts";
import { WithdrawalEffects } from "./withdrawal-effects.ts";

test("a job that ends at once is told of after its start", () => {
  const { outcome, records } = runPlan(
    smallPlan([submit(1_000, { units: 1, unitMs: 0 })], {}, [
      { stream: "host:0", index: 3, kind: "heard", max: 38, value: 38 },
    ]),
  );
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
  const stages = records.flatMap((record) => (record.type === "agent.execution" ? [record.data.to] : []));
  expect(stages).toEqual(["spawning", "running", "completed"]);
});

test("whoever carries effects out refuses one of a kind that there is not", () => {
  const body = { world: { isStrict: false }, host: { link: null, agentId: "a" } } as unknown as AgentBody;
  const effects = new AgentEffects(body, {} as Network);
  const nothing = {} as AgentEffect;
  expect(() => effects.perform(nothing)).toThrow(/not a case/);
  expect(() => effects.sandboxes.perform(nothing as never)).toThrow(/not a case/);
  expect(() => new WithdrawalEffects(body).perform(nothing as never)).toThrow(/not a case/);
});
