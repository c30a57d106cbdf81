import { beforeEach, describe, expect, test } from "vitest";

import { apply } from "../../../broker-sim/core/apply.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import { type BrokerInput, type BrokerResponse, acknowledged } from "../../../broker-sim/core/inputs.ts";
import { CoreAgent, CoreBroker } from "../../../broker-sim/testing/core-broker.ts";
import { auditDrain } from "./audit-drain.ts";
import { beforeOf } from "./decided.ts";
import { auditDecision } from "./decision-audit.ts";

const reason = "maintenance";
const drain = { type: "drain", reason } as const;
let broker: CoreBroker;
let agent: CoreAgent;

/** Decides, lets somebody spoil what came of it, and audits that for the drain alone. */
function audit(input: BrokerInput, spoil: (effects: Effect[]) => BrokerResponse | void = () => undefined): void {
  const { state } = broker;
  const before = beforeOf(state, input);
  const { effects, response } = apply(state, input, broker.nowMs);
  const spoilt = spoil(effects) ?? response;
  auditDrain({ state, input, before, dueSinceMs: null, effects }, spoilt);
}

/** The same by whatever there is. */
function auditAll(input: BrokerInput): void {
  const before = beforeOf(broker.state, input);
  const { effects, response } = apply(broker.state, input, broker.nowMs);
  auditDecision({ state: broker.state, input, before, dueSinceMs: null, effects }, response);
}

const without = (isGone: (effect: Effect) => boolean) => (effects: Effect[]) =>
  void effects.splice(0, effects.length, ...effects.filter((effect) => !isGone(effect)));
const enrol = (who: CoreAgent): BrokerInput<"enrol"> => {
  const revocation = { agentId: who.agentId, signature: "s".repeat(86) };
  const message = { publicKey: "p".repeat(43), slots: 2, revocation };
  return { type: "enrol", caller: who.caller, message, joinTokenMatches: true, revocationVerified: true };
};
const heartbeat = (): BrokerInput<"heartbeat"> => {
  const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
  const message = { state: "Idle", slots: 2, slotsFree: 2, resources, leases: [] } as const;
  return { type: "heartbeat", caller: agent.caller, message: { ...message, leases: [] } };
};

beforeEach(() => {
  broker = new CoreBroker();
  agent = new CoreAgent(broker).enrol().connect();
});

describe("the audit of a drained broker", () => {
  test("lets everything pass that it decides well", () => {
    agent.heartbeat();
    auditAll(drain);
    auditAll(drain);
    broker.submit(1);
    const spawn = { type: "spawn", spec: { slots: 1, sandbox: "auto" } } as const;
    const connected = { type: "connected", caller: agent.caller } as const;
    const inputs = [heartbeat(), connected, enrol(new CoreAgent(broker, { number: 2 })), enrol(agent), spawn];
    for (const input of inputs) expect(() => auditAll(input)).not.toThrow();
  });

  test("objects when somebody is not told, or somebody who has no stream", () => {
    const isPush = (effect: Effect): boolean => effect.kind === "push";
    expect(() => audit(drain, without(isPush))).toThrow("whoever has a stream hears goodbye");
    expect(() => audit({ type: "connected", caller: agent.caller }, without(isPush))).toThrow("hears goodbye");
    broker.do({ type: "disconnected", agentId: agent.agentId });
    const goodbye = { event: "goodbye", data: { reason } } as const;
    const tellAgain = (effects: Effect[]) =>
      void effects.push({ kind: "push", agentId: agent.agentId, event: goodbye });
    expect(() => audit(drain, tellAgain)).toThrow("and nobody else");
  });

  test("objects when the history does not say it", () => {
    const isTold = (effect: Effect): boolean => effect.kind === "history";
    expect(() => audit(drain, without(isTold))).toThrow("a drain is told");
  });

  test("objects when something begins", () => {
    audit(drain);
    const grant = { jobId: "job-1", leaseId: "lease-1", epoch: 1, agentId: agent.agentId, expiresAt: 1 };
    const begun: Effect[] = [
      { kind: "history", entry: { type: "broker.offered", data: grant } },
      { kind: "push", agentId: agent.agentId, event: { event: "work_available", data: { queued: 1 } } },
      { kind: "history", entry: { type: "broker.enrolled", data: { ...agent.caller, again: false } } },
      { kind: "spawn-process", executionId: "exec-1", spec: { slots: 1, sandbox: "auto" } },
    ];
    for (const effect of begun) {
      expect(() => audit({ type: "tick" }, (effects) => void effects.push(effect))).toThrow("begins nothing");
    }
  });

  test("objects when a stranger is let in, or an agent is started, or either is refused for another reason", () => {
    audit(drain);
    const stranger = enrol(new CoreAgent(broker, { number: 2 }));
    const spawn = { type: "spawn", spec: { slots: 1, sandbox: "auto" } } as const;
    for (const input of [stranger, spawn] as const) {
      expect(() => audit(input, () => acknowledged)).toThrow("takes nobody new");
      expect(() => audit(input, () => ({ ok: false, code: "full", message: "" }))).toThrow("and says so");
    }
  });

  test("objects when somebody is refused by a broker that is in service, or who is known", () => {
    const closed = () => ({ ok: false, code: "out-of-service", message: "" }) as const;
    expect(() => audit(enrol(agent), closed)).toThrow("only who is drained");
    audit(drain);
    expect(() => audit(enrol(agent), closed)).toThrow("only a stranger");
  });

  test("objects when an unheard offer is made again", () => {
    broker.submit(1);
    const [offer] = agent.heartbeat().offers;
    broker.do(drain);
    const { state } = broker;
    const input = heartbeat();
    const before = beforeOf(state, input);
    const { effects, response } = apply(state, input, broker.nowMs);
    if (response.ok) (response.answer as { offers: unknown[] }).offers.push(offer);
    agent.knowledge.slotsFree -= 1;
    expect(() => auditDecision({ state, input, before, dueSinceMs: null, effects }, response)).toThrow(
      "a drained broker offers nothing",
    );
  });
});
