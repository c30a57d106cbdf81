/**
 * The states of an agent and the one table of its transitions (ARCHITECTURE.md; WC-5, I4). The agent's core takes
 * its transitions from here, the broker and the checkers judge what they observe by it, and the docs' diagram is drawn
 * from it.
 */
export const agentStates = ["Enrolling", "Idle", "Working", "Paused", "Withdrawing", "Withdrawn"] as const;
export type AgentState = (typeof agentStates)[number];

/**
 * What can move an agent from one state to another.
 * - `enrolled`: the broker knows the key.
 * - `workStarted`: a sandbox runs where none ran; `workEnded`: the last sandbox is gone.
 * - `pauseAsked`: by the owner, the broker, or what the owner does at the host; stops intake and freezes at once.
 *   `paused`: every sandbox is frozen and its checkpoint is saved or given up.
 * - `resumeAsked`: by the owner, the broker, or because the host was quiet.
 * - `withdrawAsked`: by the owner or the broker. `withdrawn`: the ledger is empty.
 * - `shutdownAsked`: a signal or `goodbye`; ends the process, not the membership.
 */
export const agentEvents = [
  "enrolled",
  "workStarted",
  "workEnded",
  "pauseAsked",
  "paused",
  "resumeAsked",
  "withdrawAsked",
  "withdrawn",
  "shutdownAsked",
] as const;
export type AgentEvent = (typeof agentEvents)[number];

/** What the table says of one (state, event) pair. */
export type AgentDecision =
  /** The agent enters that state. */
  | { readonly to: AgentState }
  /** The agent enters `Working` if it holds a sandbox and `Idle` if it holds none. */
  | { readonly to: "WorkingIfBusy" }
  /** Legal, and the state stays; the reason says what happens instead. */
  | { readonly stay: string }
  /** Refused by name; the caller gets an error that names both states. */
  | { readonly refuse: string };

const ended = { refuse: "the agent has withdrawn; join again to start anew" } as const;
const withdrawing = { refuse: "the agent is withdrawing, and nothing turns that back" } as const;
const notYet = { refuse: "the broker has not answered the enrolment yet" } as const;
const unexpected = { refuse: "it cannot happen in this state" } as const;

export const agentTransitions: Record<AgentState, Record<AgentEvent, AgentDecision>> = {
  Enrolling: {
    enrolled: { to: "WorkingIfBusy" },
    workStarted: notYet,
    workEnded: { stay: "a sandbox adopted from an earlier instance ended before the broker answered" },
    pauseAsked: { stay: "the pause is remembered and takes effect at once after enrolment" },
    paused: notYet,
    resumeAsked: { stay: "a remembered pause is forgotten" },
    withdrawAsked: { to: "Withdrawing" },
    withdrawn: unexpected,
    shutdownAsked: { stay: "the process ends; a later start enrols again" },
  },
  Idle: {
    enrolled: { stay: "a later instance enrolled with the same key" },
    workStarted: { to: "Working" },
    workEnded: { stay: "no sandbox was running" },
    pauseAsked: { stay: "intake stops; Paused follows once there is nothing left to freeze" },
    paused: { to: "Paused" },
    resumeAsked: { stay: "nothing is paused, or a pause that has not taken effect is called off" },
    withdrawAsked: { to: "Withdrawing" },
    withdrawn: unexpected,
    shutdownAsked: { stay: "the process ends; a later start goes on from the ledger" },
  },
  Working: {
    enrolled: { stay: "a later instance enrolled with the same key" },
    workStarted: { stay: "one more sandbox runs" },
    workEnded: { to: "Idle" },
    pauseAsked: { stay: "every sandbox is frozen at once; Paused follows when their checkpoints are settled" },
    paused: { to: "Paused" },
    resumeAsked: { stay: "nothing is paused, or a pause that has not taken effect is called off" },
    withdrawAsked: { to: "Withdrawing" },
    withdrawn: unexpected,
    shutdownAsked: { stay: "leases are handed back with checkpoints, then the process ends" },
  },
  Paused: {
    enrolled: { stay: "a later instance enrolled with the same key and comes back paused" },
    workStarted: { refuse: "nothing starts while the agent is paused" },
    workEnded: { stay: "a frozen sandbox was revoked or died" },
    pauseAsked: { stay: "the agent is paused already" },
    paused: { stay: "the agent is paused already" },
    resumeAsked: { to: "WorkingIfBusy" },
    withdrawAsked: { to: "Withdrawing" },
    withdrawn: unexpected,
    shutdownAsked: { stay: "leases are handed back with checkpoints, then the process ends; a later start is paused" },
  },
  Withdrawing: {
    enrolled: { stay: "an answer that came too late to matter" },
    workStarted: withdrawing,
    workEnded: { stay: "a sandbox ended on the way out" },
    pauseAsked: withdrawing,
    paused: { stay: "a pause that was under way finished; withdrawal goes on" },
    resumeAsked: withdrawing,
    withdrawAsked: { stay: "the withdrawal under way answers both" },
    withdrawn: { to: "Withdrawn" },
    shutdownAsked: { stay: "the withdrawal is finished first; a killed one is finished by the next start" },
  },
  Withdrawn: {
    enrolled: ended,
    workStarted: ended,
    workEnded: ended,
    pauseAsked: ended,
    paused: ended,
    resumeAsked: ended,
    withdrawAsked: { stay: "the agent has withdrawn already" },
    withdrawn: { stay: "the agent has withdrawn already" },
    shutdownAsked: { stay: "the process ends" },
  },
};

export type AgentTransition =
  | { readonly accepted: true; readonly from: AgentState; readonly to: AgentState; readonly reason?: string }
  | { readonly accepted: false; readonly from: AgentState; readonly wanted: AgentState; readonly reason: string };

/** The state that an event aims at, for the error of a refused one. */
const aims: Record<AgentEvent, AgentState> = {
  enrolled: "Idle",
  workStarted: "Working",
  workEnded: "Idle",
  pauseAsked: "Paused",
  paused: "Paused",
  resumeAsked: "Working",
  withdrawAsked: "Withdrawing",
  withdrawn: "Withdrawn",
  shutdownAsked: "Withdrawn",
};

/** Looks an event up in the table. `busy` says whether the agent holds a sandbox. */
export function agentTransition(from: AgentState, event: AgentEvent, { busy }: { busy: boolean }): AgentTransition {
  const decision = agentTransitions[from][event];
  if ("refuse" in decision) return { accepted: false, from, wanted: aims[event], reason: decision.refuse };
  if ("stay" in decision) return { accepted: true, from, to: from, reason: decision.stay };
  if (decision.to !== "WorkingIfBusy") return { accepted: true, from, to: decision.to };
  return { accepted: true, from, to: busy ? "Working" : "Idle" };
}

/** Every state that the table can reach from `from` in one step, sorted by the order of `agentStates`. */
export function agentSuccessors(from: AgentState): AgentState[] {
  const targets = new Set<AgentState>();
  for (const event of agentEvents) {
    for (const busy of [false, true]) {
      const transition = agentTransition(from, event, { busy });
      if (transition.accepted && transition.to !== from) targets.add(transition.to);
    }
  }
  return agentStates.filter((state) => targets.has(state));
}
