import { unreachable } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { ControlRequest, ControlResponse } from "../../protocol/control.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";
import { continueAcknowledgement, onAcknowledgeTimer, onPausedAnswered } from "./acknowledgement.ts";
import { onActivity, onQuietTimer } from "./activity.ts";
import { noteContact } from "./broker-contact.ts";
import { onCooperated } from "./cooperation.ts";
import type { AgentEffect } from "./effect.ts";
import { onEnrolAnswered, onEnrolTimer } from "./enrolment.ts";
import { onCheckpointFailed, onCheckpointSaved, onFrozen } from "./freeze.ts";
import { onHeartbeatAnswered } from "./heartbeat.ts";
import { wake } from "./heartbeat-send.ts";
import type { AgentInput, TimerName } from "./input.ts";
import { slotsFree } from "./lease-facts.ts";
import { onLeaseTimer } from "./lease-deadline.ts";
import { retryBroken, stopLease } from "./lease-stop.ts";
import { onAcceptAnswered } from "./offer.ts";
import { askPause } from "./pause.ts";
import { onPeriodicTimer, onSnapshotTimer } from "./periodic.ts";
import { onOutboxTimer, onReportAnswered } from "./report.ts";
import { askResume } from "./resume.ts";
import { onExited, onPrepared, onStarted, onStartFailed, onTerminated, onWiped } from "./sandbox-life.ts";
import { settle } from "./settle.ts";
import { askShutdown, onShutdownAnswered, onSignal } from "./shutdown.ts";
import { onStarted as onInstanceStarted, onStraysEnded } from "./start.ts";
import type { AgentCore } from "./state.ts";
import { Turn } from "./turn.ts";
import { onProgressAnswered, onUploadAnswered } from "./upload-answer.ts";
import { beginWithdrawal } from "./withdrawal-begin.ts";
import { onRevocationProbed, onWithdrawAnswered } from "./withdrawal-broker.ts";
import { onHomeWiped, onLedgerCleared, onAutostartRemoved, onSocketsClosed } from "./withdrawal-host.ts";

export interface AgentTurn {
  readonly state: AgentCore;
  readonly effects: readonly AgentEffect[];
  /** The answer to the control request that was applied; null for any other input, and when the answer comes later. */
  readonly response: ControlResponse | null;
}

/**
 * The agent's brain: what it makes of one input; expected outcomes never throw. The state is changed in place and
 * returned: whoever needs the one before copies it first. What stands in the effects and the response never changes
 * afterwards.
 *
 * @param nowMs when the input was seen, in milliseconds of a clock that does not go back
 */
export function apply(state: AgentCore, input: AgentInput, nowMs: number): AgentTurn {
  const turn = new Turn(state, { nowMs, requestId: input.type === "control" ? input.requestId : null });
  dispatch(turn, input);
  settle(turn);
  return { state: turn.core, effects: turn.effects, response: turn.response };
}

function dispatch(turn: Turn, input: AgentInput): void {
  switch (input.type) {
    case "started":
      return onInstanceStarted(turn, input);
    case "straysEnded":
      return onStraysEnded(turn, input);
    case "control":
      return onControl(turn, input);
    case "brokerEvent":
      return onBrokerEvent(turn, input.event);
    case "signal":
      return onSignal(turn, input.name);
    case "activity":
      return onActivity(turn, input);
    case "timer":
      return onTimer(turn, input.name);
    case "enrolAnswered":
      return onEnrolAnswered(turn, input);
    case "heartbeatAnswered":
      return onHeartbeatAnswered(turn, input);
    case "acceptAnswered":
      noteContact(turn, input.outcome);
      return onAcceptAnswered(turn, input);
    case "completeAnswered":
    case "returnAnswered":
      noteContact(turn, input.outcome);
      return onReportAnswered(turn, input);
    case "uploadAnswered":
      onUploadAnswered(turn, input);
      return continueAcknowledgement(turn);
    case "progressAnswered":
      return onProgressAnswered(turn, input);
    case "pausedAnswered":
      noteContact(turn, input.outcome);
      return onPausedAnswered(turn, input);
    case "shutdownAnswered":
      return onShutdownAnswered(turn, input);
    case "withdrawAnswered":
      return onWithdrawAnswered(turn, input);
    case "revocationProbed":
      return onRevocationProbed(turn, input);
    case "frozen":
      return onFrozen(turn, input);
    case "thawed":
      return onThawed(turn, input);
    case "sandboxPrepared":
      return onPrepared(turn, input);
    case "sandboxPrepareFailed":
    case "sandboxStartFailed":
      return onStartFailed(turn, input);
    case "sandboxStarted":
      return onStarted(turn, input);
    case "sandboxExited":
      return onExited(turn, input);
    case "sandboxTerminated":
      return onTerminated(turn, input);
    case "sandboxWiped":
      return onWiped(turn, input);
    case "cooperated":
      return onCooperated(turn, input);
    case "checkpointSaved":
      onCheckpointSaved(turn, input);
      return continueAcknowledgement(turn);
    case "checkpointFailed":
      return onCheckpointFailed(turn, input);
    case "autostartRemoved":
      return onAutostartRemoved(turn, input);
    case "socketsClosed":
      return onSocketsClosed(turn, input);
    case "homeWiped":
      return onHomeWiped(turn, input);
    case "ledgerCleared":
      return onLedgerCleared(turn, input);
    default:
      unreachable(input);
  }
}

function onControl(turn: Turn, { requestId, request }: { requestId: string; request: ControlRequest }): void {
  const reason = "reason" in request && request.reason !== undefined ? request.reason : "asked by the owner";
  if (request.command === "pause") askPause(turn, { by: "owner", reason, requestId });
  else if (request.command === "resume") askResume(turn, { by: "owner", reason, requestId });
  else if (request.command === "withdraw") {
    const { deadlineMs } = request;
    beginWithdrawal(turn, { trigger: reason, requestId, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
  }
  // `status` changes nothing: whoever runs the core answers it from `coreStatus`.
}

function onBrokerEvent(turn: Turn, { event, data }: BrokerEvent): void {
  const { core } = turn;
  switch (event) {
    case "pause":
      return askPause(turn, { by: "broker", reason: data.reason, requestId: null });
    case "resume":
      return askResume(turn, { by: "broker", reason: data.reason, requestId: null });
    case "goodbye":
      return askShutdown(turn, `goodbye: ${data.reason}`);
    case "lease_revoked": {
      const lease = core.leases[data.leaseId];
      if (lease === undefined || lease.epoch !== data.epoch) return;
      sometimes("a lease was revoked by an event");
      stopLease(turn, lease, { why: `the broker revoked the lease: ${data.reason}`, after: "forget" });
      return;
    }
    case "work_available":
      // A busy agent has nothing to ask for; it asks when a slot gets free.
      if (slotsFree(core) > 0) wake(turn, "work available");
      return;
    default:
      unreachable(event);
  }
}

function onTimer(turn: Turn, name: TimerName): void {
  switch (name) {
    case "enrol":
      return onEnrolTimer(turn);
    case "heartbeat":
      retryBroken(turn);
      return wake(turn, "timer");
    case "leases":
      return onLeaseTimer(turn);
    case "outbox":
      return onOutboxTimer(turn);
    case "snapshot":
      return onSnapshotTimer(turn);
    case "acknowledge":
      return onAcknowledgeTimer(turn);
    case "periodic":
      return onPeriodicTimer(turn);
    case "quiet":
      return onQuietTimer(turn);
    case "cooperation":
    case "shutdown":
    case "withdraw":
      // Their procedures look at the time themselves, after every input.
      return;
    default:
      unreachable(name);
  }
}

function onThawed(turn: Turn, { trigger, thawMs, requestId }: Extract<AgentInput, { type: "thawed" }>): void {
  const sandboxes = turn.leases().filter((lease) => lease.stage === "running").length;
  turn.record("agent.thawed", { trigger, sandboxes });
  turn.answer(requestId, { ok: true, resumeMs: thawMs });
}
