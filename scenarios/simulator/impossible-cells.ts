import type { AgentState } from "../../protocol/agent-states.ts";
import type { AgentInputType } from "./coverage-inputs.ts";

/** Whether an agent in this state can be handed this input at all. */
export function isPossibleForAgent(state: AgentState, input: AgentInputType): boolean {
  if (silent.includes(state)) return false;
  return !impossible.some(({ inputs, states }) => inputs.includes(input) && states.includes(state));
}

/** The states that hear of nothing any more: the process ends with the transition. */
const silent: readonly AgentState[] = ["Withdrawn"];

/** Where no state has a cell for an input, and why. Whatever stands here and is reached all the same is an error. */
const impossible: readonly {
  readonly inputs: readonly AgentInputType[];
  readonly states: readonly AgentState[];
  readonly why: string;
}[] = [
  {
    inputs: ["started"],
    states: ["Idle", "Working", "Paused", "Withdrawing", "Withdrawn"],
    why: "an instance begins in Enrolling",
  },
  {
    inputs: ["revocationProbed", "withdrawAnswered", "autostartRemoved", "socketsClosed", "homeWiped", "ledgerCleared"],
    states: ["Enrolling", "Idle", "Working", "Paused", "Withdrawn"],
    why: "only a withdrawal asks",
  },
  {
    inputs: ["shutdownAnswered"],
    states: ["Enrolling", "Withdrawn"],
    why: "who never enrolled says nothing",
  },
  {
    inputs: ["straysEnded"],
    states: ["Idle", "Working", "Paused", "Withdrawn"],
    why: "an instance looks for them before it enrols, or while it withdraws",
  },
  {
    inputs: [
      "brokerEvent",
      "heartbeatAnswered",
      "acceptAnswered",
      "completeAnswered",
      "returnAnswered",
      "uploadAnswered",
      "progressAnswered",
      "pausedAnswered",
    ],
    states: ["Enrolling"],
    why: "the broker is asked for nothing else before it answered the enrolment",
  },
  {
    inputs: [
      "sandboxPrepared",
      "sandboxPrepareFailed",
      "sandboxStarted",
      "sandboxStartFailed",
      "sandboxExited",
      "sandboxTerminated",
      "sandboxWiped",
      "cooperated",
      "checkpointSaved",
      "checkpointFailed",
    ],
    states: ["Enrolling"],
    why: "an instance begins without a sandbox of its own",
  },
  {
    inputs: ["sandboxStarted", "sandboxStartFailed"],
    states: ["Paused"],
    why: "a pause waits for what is being spawned",
  },
  {
    inputs: ["thawed"],
    states: ["Paused"],
    why: "whoever is let go on is paused no more",
  },
  {
    inputs: ["thawed"],
    states: ["Enrolling", "Withdrawing", "Withdrawn"],
    why: "nothing is thawed before it enrolled or after it began to withdraw",
  },
];
