import type { Plan, PlanStep } from "./plan.ts";

/** What owners, operators and submitters ask for; every other step breaks something. */
const asks = new Set<PlanStep["do"]>([
  "submit",
  "cancel",
  "pause",
  "resume",
  "activity",
  "withdraw",
  "signal",
  "command",
  "stranger",
  "spawn",
  "kill-spawned",
  "command-spoke",
]);

/** Whether nothing breaks in a plan: then nobody has an excuse for a duty that was not done. */
export function isUndisturbed({ steps }: Plan): boolean {
  return steps.every(breaksNothing);
}

export function breaksNothing(step: PlanStep): boolean {
  if (step.do === "submit" && step.behaviour.killsAgentAfterUnits !== null) return false;
  return asks.has(step.do);
}
