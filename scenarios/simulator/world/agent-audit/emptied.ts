import type { HeldLease } from "../../../../agent/core/state.ts";
import { assert } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";

/** Of what is not to run (any more) the directory goes, and the broker hears what is wanted of it. */
export function assertEmptied(step: AgentStep, { leaseId, stop }: HeldLease, now: HeldLease | undefined): void {
  const { withdrawal } = step.after;
  const isWiped = effectsOf(step, "wipeSandbox").some((effect) => effect.leaseId === leaseId);
  const stage = now?.stage;
  if (withdrawal === null) assert(isWiped && stage === "wiping", `the place of ${leaseId} is emptied`);
  else
    assert(!isWiped && (stage === "parted" || stage === "reporting"), `a withdrawal empties the place of ${leaseId}`);
  const report = now?.report?.kind;
  if (withdrawal === null && stop?.after === "return") assert(report === "return", "it goes back");
}
