import type { Withdrawal } from "../../../../agent/core/state.ts";
import type { AgentStep } from "./agent-step.ts";

/** What a share of the time of a withdrawal has left, in milliseconds; nothing or less when it is over. */
export function leftMs(
  { nowMs }: Pick<AgentStep, "nowMs">,
  { sharedFromMs, endsAtMs }: Withdrawal,
  share: number,
): number {
  return sharedFromMs + (endsAtMs - sharedFromMs) * share - nowMs;
}
