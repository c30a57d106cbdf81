import { assert } from "../../foundation/assert.ts";
import type { AgentEffect } from "../core/effect.ts";
import type { BrokerOutcome } from "../core/outcome.ts";
import { intakeClosed, type ModelBody } from "./model-body.ts";

/** What the core asks of its broker. */
export type Call = Extract<AgentEffect, { kind: Kind }>;
type Kind =
  | "enrol"
  | "heartbeat"
  | "accept"
  | "complete"
  | "returnLease"
  | "uploadCheckpoint"
  | "reportProgress"
  | "notifyPaused"
  | "notifyShutdown"
  | "withdraw"
  | "probeRevocation";

/** Asks the modelled broker, and asserts what an agent never asks of one. */
export function performCall(body: ModelBody, effect: Call): void {
  const { broker, core } = body;
  const { instanceId } = core;
  const closed = intakeClosed(core);
  switch (effect.kind) {
    case "enrol":
      assert(body.notes.has("membership"), "the journal knows of the enrolment before the broker does");
      return callBroker(
        body,
        "enrol",
        () => broker.enrol(body.nowMs),
        (outcome) => body.see({ type: "enrolAnswered", outcome }),
      );
    case "heartbeat": {
      const { request } = effect;
      assert(!closed || request.slotsFree === 0, "whoever takes nothing offers nothing");
      const sentAtMs = body.nowMs;
      return callBroker(
        body,
        "heartbeat",
        () => broker.heartbeat(request, { instanceId, nowMs: body.nowMs }),
        (outcome) => body.see({ type: "heartbeatAnswered", outcome, sentAtMs }),
      );
    }
    case "accept": {
      assert(!closed, "nothing is accepted while intake is closed");
      const { leaseId } = effect;
      return callBroker(
        body,
        "accept",
        () => broker.accept(leaseId, { instanceId, nowMs: body.nowMs }),
        (outcome) => body.see({ type: "acceptAnswered", leaseId, outcome }),
      );
    }
    case "complete": {
      const { leaseId } = effect;
      return callBroker(
        body,
        "complete",
        () => broker.release(leaseId),
        (outcome) => body.see({ type: "completeAnswered", leaseId, outcome }),
      );
    }
    case "returnLease": {
      const { leaseId } = effect.handBack;
      assert(body.sandboxes.get(leaseId)?.alive !== true, "no lease is given back while its job runs here");
      return callBroker(
        body,
        "return",
        () => broker.release(leaseId),
        (outcome) => body.see({ type: "returnAnswered", leaseId, outcome }),
      );
    }
    case "uploadCheckpoint": {
      const { leaseId, generation } = effect;
      return callBroker(
        body,
        "upload",
        () => broker.note(),
        (outcome) => body.see({ type: "uploadAnswered", leaseId, generation, outcome }),
      );
    }
    case "reportProgress": {
      const { leaseId, generation } = effect;
      return callBroker(
        body,
        "progress",
        () => broker.note(),
        (outcome) => body.see({ type: "progressAnswered", leaseId, generation, outcome }),
      );
    }
    case "notifyPaused":
      assert(core.agent === "Paused", "a pause is acknowledged only when it is in force");
      return callBroker(
        body,
        "paused",
        () => broker.note(),
        (outcome) => body.see({ type: "pausedAnswered", generation: effect.generation, outcome }),
      );
    case "notifyShutdown":
      assert(body.alive().length === 0, "stopped is announced only once it is true");
      return callBroker(
        body,
        "shutdown",
        () => broker.releaseAll(effect.handedBack),
        (outcome) => body.see({ type: "shutdownAnswered", outcome }),
      );
    case "withdraw":
      assert(body.alive().length === 0, "leases are given back when nothing of them runs any more");
      return callBroker(
        body,
        "withdraw",
        () => broker.withdraw(effect.handedBack, body.nowMs),
        (outcome) => body.see({ type: "withdrawAnswered", outcome }),
      );
    case "probeRevocation":
      return callBroker(
        body,
        "probe",
        () => broker.note(),
        (outcome) => body.see({ type: "revocationProbed", outcome }),
      );
  }
}

/** A call to the broker: it acts and answers at the same moment, some time later. */
function callBroker<T>(
  body: ModelBody,
  name: string,
  answer: () => BrokerOutcome<T>,
  deliver: (outcome: BrokerOutcome<T>) => void,
): void {
  body.later(name, () => deliver(answer()));
}
