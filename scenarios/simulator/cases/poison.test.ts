import { expect, test } from "vitest";

import { runPlan, smallPlan, submit } from "../testing/small-plan.ts";
import { toldOf } from "../testing/told-of.ts";

const second = 1_000;

test.each([1, 3])("a job that kills its agent fails after four of %d agents, and work goes on (case 19)", (agents) => {
  const poison = submit(0, { units: 10, unitMs: second, killsAgentAfterUnits: 2 });
  const good = submit(1_000, { units: 20, unitMs: second }, 2);
  const { outcome, records } = runPlan(smallPlan([poison, good], { agents, safetyMs: 240_000 }));
  expect(outcome).toMatchObject({ failure: null, jobs: { submitted: 3, completed: 2, failed: 1 } });
  expect(toldOf(records, "witness.exit").filter(({ how }) => how === "killed")).toHaveLength(4);
  const [failed] = toldOf(records, "broker.job").filter(({ to }) => to === "failed");
  expect(failed?.reason).toContain("the agent died while it ran; it was leased again 3 times before");
});

test("a job whose host goes down again and again is not to blame for that (case 19)", () => {
  const crashes = Array.from({ length: 6 }, (_, crash) => {
    return { atMs: 5_000 + 20_000 * crash, do: "crash-host", agent: 0, downMs: 2_000 } as const;
  });
  const { outcome } = runPlan(smallPlan([submit(0, { units: 30, unitMs: second }), ...crashes], { safetyMs: 240_000 }));
  expect(outcome).toMatchObject({ failure: null, jobs: { completed: 1 } });
});
