import { assert } from "../../foundation/assert.ts";
import type { AgentEffect } from "../core/effect.ts";
import type { ModelBody } from "./model-body.ts";
import { performCall } from "./model-calls.ts";
import { performOnSandboxes } from "./model-sandboxes.ts";

/** Carries an effect out on the model: at once, or as something that is pending from now on. */
export function performEffect(body: ModelBody, effect: AgentEffect): void {
  const { broker, core } = body;
  switch (effect.kind) {
    case "enrol":
    case "heartbeat":
    case "accept":
    case "complete":
    case "returnLease":
    case "uploadCheckpoint":
    case "reportProgress":
    case "notifyPaused":
    case "notifyShutdown":
    case "withdraw":
    case "probeRevocation":
      return performCall(body, effect);
    case "freezeAll":
    case "thawAll":
    case "endStrays":
    case "prepareSandbox":
    case "startSandbox":
    case "terminateSandbox":
    case "wipeSandbox":
    case "askCooperation":
    case "endCooperation":
    case "saveCheckpoint":
    case "wipeLeftovers":
      return performOnSandboxes(body, effect);
    case "record":
      return body.history.add(effect.type, effect.data);
    case "remember":
      assert(body.homeThere, "the journal is there to be written to");
      if (effect.note.value === null) body.notes.delete(effect.note.key);
      else body.notes.set(effect.note.key, structuredClone(effect.note.value));
      return;
    case "answer":
      assert(!body.answers.has(effect.requestId), "a request is answered once");
      body.answers.set(effect.requestId, effect.response);
      return;
    case "setTimer":
      body.timers.set(effect.name, body.nowMs + effect.delayMs);
      return;
    case "clearTimer":
      body.timers.delete(effect.name);
      return;
    case "removeAutostart":
      return body.later("removeAutostart", () => body.see({ type: "autostartRemoved", removed: [], left: [] }));
    case "closeSockets":
      return body.later("closeSockets", () => body.see({ type: "socketsClosed", left: [], measured: "none" }));
    case "wipeHome":
      assert(body.alive().length === 0, "the home is wiped when nothing runs in it any more");
      assert(broker.keyRevoked || core.withdrawal?.record.keyRevoked !== "confirmed", "revoked before wiped");
      body.wipeDeadlineMs = effect.deadlineMs;
      return body.later("wipeHome", () => {
        body.keyThere = false;
        body.see({ type: "homeWiped", wiped: [], left: [] });
      });
    case "clearLedger":
      return body.later("clearLedger", () => {
        body.homeThere = false;
        body.notes.clear();
        body.see({ type: "ledgerCleared", entriesLeft: 0, wiped: [], directoriesLeft: [] });
      });
    case "exit":
      assert(body.ending === null, "the process ends once");
      body.ending = effect.ending;
      body.pending = [];
      body.timers.clear();
      if (effect.ending.how === "interrupted") for (const leaseId of body.alive()) body.sandboxes.delete(leaseId);
      return;
    case "log":
    case "ready":
    case "openEvents":
    case "decline":
    case "notifyResumed":
    case "discardCheckpoint":
    case "discardCheckpoints":
      return;
  }
}
