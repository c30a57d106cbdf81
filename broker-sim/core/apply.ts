import { paused, resumed, shutdown, withdraw } from "./agent-notices.ts";
import type { BrokerState } from "./broker-state.ts";
import { admit } from "./callers.ts";
import { runDeadlines } from "./deadlines.ts";
import { drain, greet } from "./drain.ts";
import type { Effect } from "./effects.ts";
import { enrol } from "./enrolment.ts";
import { exited, found, missing, spawned, spawnFailed } from "./executions/host-reports.ts";
import { kill, killAll, spawn } from "./executions/spawn-and-kill.ts";
import { federated } from "./federation/commands.ts";
import { invite, join, joined, setConnection } from "./federation/connections.ts";
import { remoteAsked, remoteTold } from "./federation/remotes.ts";
import { heartbeat } from "./heartbeat.ts";
import {
  type BrokerHandler,
  type BrokerInput,
  type BrokerInputType,
  type BrokerResponse,
  acknowledged,
} from "./inputs.ts";
import { assertTouchedInvariants } from "./invariants.ts";
import { accept, complete, decline, progress, returnLease } from "./lease-actions.ts";
import { cancel, command, submit } from "./operator-calls.ts";
import { type Turn, beginTurn, endTurn } from "./turn.ts";
import { uploadAsked, uploadChunk, uploadLost, uploadStored } from "./uploads.ts";
import { hungerOf, wakeForQueued } from "./work-hints.ts";

const handlers: { readonly [T in BrokerInputType]: BrokerHandler<T, Turn> } = {
  enrol,
  heartbeat,
  connected(turn, { caller }) {
    const admitted = admit(turn.state, caller);
    if (!admitted.ok) return admitted;
    admitted.agent.isConnected = true;
    greet(turn, admitted.agent);
    hungerOf(turn, admitted.agent);
    return acknowledged;
  },
  disconnected(turn, { agentId }) {
    const agent = turn.state.agents.get(agentId);
    if (agent === undefined) return acknowledged;
    agent.isConnected = false;
    turn.state.hungry.delete(agent);
    return acknowledged;
  },
  accept,
  decline,
  progress,
  complete,
  return: returnLease,
  paused,
  resumed,
  shutdown,
  withdraw,
  "upload-asked": uploadAsked,
  "upload-chunk": uploadChunk,
  "upload-stored": uploadStored,
  "upload-lost": uploadLost,
  submit,
  cancel,
  command,
  drain,
  spawn,
  kill,
  "kill-all": killAll,
  spawned,
  "spawn-failed": spawnFailed,
  exited,
  found,
  missing,
  invite,
  join,
  joined,
  "set-connection": setConnection,
  federated,
  "remote-asked": remoteAsked,
  "remote-told": remoteTold,
  tick: () => acknowledged,
};

/**
 * Decides one input. The state is changed in place and returned; nothing of the world is touched: what has to be done
 * stands in the effects, and must be done in their order before the response leaves.
 *
 * @param nowMs the broker's clock; a time before the last one counts as the last one
 */
export function apply<T extends BrokerInputType>(
  state: BrokerState,
  input: BrokerInput<T>,
  nowMs: number,
): { state: BrokerState; effects: Effect[]; response: BrokerResponse<T> } {
  const turn = beginTurn(state, nowMs);
  runDeadlines(turn);
  const handler = handlers[input.type] as BrokerHandler<T, Turn>;
  const response = handler(turn, input);
  wakeForQueued(turn);
  assertTouchedInvariants(turn);
  return { state, effects: endTurn(turn), response };
}
