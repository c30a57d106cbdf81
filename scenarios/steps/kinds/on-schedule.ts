import * as z from "zod";

import { PlanStep } from "../../simulator/plan/plan.ts";
import { stepKind } from "./step-kind.ts";

/** Does at its time what a step of a plan says, and waits for nothing that comes of it. */
export const onSchedule = stepKind(
  z.strictObject({ step: z.literal("on-schedule"), act: PlanStep }),
  ({ act }) => `at ${(act.atMs / 1_000).toFixed(2)} s: ${actTitle(act)}`,
);

function actTitle(act: PlanStep): string {
  const whom = "agent" in act && act.agent !== null ? ` agent ${act.agent}` : "";
  const forMs = "forMs" in act ? act.forMs : "downMs" in act ? act.downMs : null;
  return `${act.do}${whom}${forMs === null ? "" : ` for ${(forMs / 1_000).toFixed(2)} s`}`;
}
