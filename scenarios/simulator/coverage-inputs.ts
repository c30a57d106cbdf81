import type { AgentInput } from "../../agent/core/input.ts";
import type { BrokerInputType } from "../../broker-sim/core/inputs.ts";

/** What an agent can be handed, in the order of the table's rows. One that is missing cannot be counted: the compiler says so. */
export const agentInputs = [
  "started",
  "straysEnded",
  "control",
  "brokerEvent",
  "signal",
  "activity",
  "timer",
  "enrolAnswered",
  "heartbeatAnswered",
  "acceptAnswered",
  "completeAnswered",
  "returnAnswered",
  "uploadAnswered",
  "pausedAnswered",
  "shutdownAnswered",
  "withdrawAnswered",
  "revocationProbed",
  "frozen",
  "thawed",
  "sandboxPrepared",
  "sandboxPrepareFailed",
  "sandboxStarted",
  "sandboxStartFailed",
  "sandboxExited",
  "sandboxTerminated",
  "sandboxWiped",
  "checkpointSaved",
  "checkpointFailed",
  "autostartRemoved",
  "socketsClosed",
  "homeWiped",
  "ledgerCleared",
] as const satisfies readonly AgentInput["type"][];

/** What a broker can be handed, in the order of the table's rows. */
export const brokerInputs = [
  "enrol",
  "heartbeat",
  "connected",
  "disconnected",
  "accept",
  "decline",
  "progress",
  "complete",
  "return",
  "paused",
  "resumed",
  "shutdown",
  "withdraw",
  "blob-seen",
  "submit",
  "cancel",
  "command",
  "tick",
] as const satisfies readonly BrokerInputType[];

export type AgentInputType = (typeof agentInputs)[number];
