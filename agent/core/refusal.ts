import type { AgentEvent, AgentTransition } from "../../protocol/agent-states.ts";
import type { Turn } from "./turn.ts";

/** Says no by name: both states, and why (WC-5). */
export function refuse(
  turn: Turn,
  {
    event,
    transition,
    requestId,
  }: {
    event: AgentEvent;
    transition: Extract<AgentTransition, { accepted: false }>;
    requestId: string | null;
  },
): void {
  const { from, wanted, reason } = transition;
  turn.record("agent.refused", { state: from, event, reason });
  turn.answer(requestId, {
    ok: false,
    code: "refused",
    message: `The agent cannot go from ${from} to ${wanted}: ${reason}.`,
    next: "`donor-agent status` shows the state that it is in.",
  });
}
