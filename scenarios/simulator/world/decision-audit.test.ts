import { beforeEach, describe, expect, test } from "vitest";

import { apply } from "../../../broker-sim/core/apply.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { BrokerInput, BrokerInputType } from "../../../broker-sim/core/inputs.ts";
import { CoreAgent, CoreBroker, handBackOf, named } from "../../../broker-sim/testing/core-broker.ts";
import { present } from "../../../foundation/assert.ts";
import type { HeartbeatResponse, Lease } from "../../../protocol/messages.ts";
import { beforeOf } from "./decided.ts";
import { auditDecision } from "./decision-audit.ts";

const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };

let broker: CoreBroker;
let agent: CoreAgent;

/** Decides, lets somebody spoil what came of it, and audits that. */
function audit<T extends BrokerInputType>(
  input: BrokerInput<T>,
  spoil: (made: { effects: Effect[]; response: { ok: boolean; answer?: unknown; code?: string } }) => void = () =>
    undefined,
): void {
  const { state } = broker;
  const before = beforeOf(state, input);
  const dueSinceMs = (state.alarms.nextAtMs() ?? Infinity) > broker.nowMs ? null : state.nowMs;
  const { effects, response } = apply(state, input, broker.nowMs);
  spoil({ effects, response });
  auditDecision({ state, input, before, dueSinceMs, effects }, response);
}

function heartbeat(leases: readonly Lease[] = [], slotsFree = 2 - leases.length): BrokerInput<"heartbeat"> {
  const state = leases.length > 0 ? ("Working" as const) : ("Idle" as const);
  const message = { state, slots: 2, slotsFree, resources, leases: leases.map((lease) => named(lease)) };
  return { type: "heartbeat", caller: agent.caller, message };
}

function known() {
  return present(broker.state.agents.get(agent.agentId), "the agent is known");
}

function takeTwo(): [Lease, Lease] {
  broker.submit(2);
  const [one, other] = agent.takeWork();
  audit(heartbeat([one!, other!]));
  return [one!, other!];
}

beforeEach(() => {
  broker = new CoreBroker();
  agent = new CoreAgent(broker).enrol().connect();
});

describe("the audit of a heartbeat", () => {
  test("lets one pass that the broker answers well", () => {
    expect(() => audit(heartbeat())).not.toThrow();
    broker.submit(3);
    expect(() => audit(heartbeat())).not.toThrow();
    // The answer did not arrive.
    expect(() => audit(heartbeat())).not.toThrow();
  });

  test("objects when a lease is not renewed, or not for its whole time", () => {
    const [one, other] = takeTwo();
    const forget = ({ renewed }: HeartbeatResponse): void => void renewed.pop();
    expect(() =>
      audit(heartbeat([one, other]), ({ response }) => forget(response.answer as HeartbeatResponse)),
    ).toThrow("a lease is renewed for who holds it");
    const shorten = (): void => void (present(broker.job(one.jobId).grant, "it is leased").expiresAt -= 1);
    expect(() => audit(heartbeat([one, other]), shorten)).toThrow("for as long as its holder is told");
  });

  test("objects when a job waits and a slot is left free, or an unheard offer is not repeated", () => {
    broker.submit(1);
    const take = ({ offers }: HeartbeatResponse): void => void offers.pop();
    expect(() => audit(heartbeat(), ({ response }) => take(response.answer as HeartbeatResponse))).toThrow(
      /offers are repeated/,
    );
    const queueAnother = (): void => void broker.submit(1);
    expect(() => audit(heartbeat(), queueAnother)).toThrow("no slot is left free while a job waits");
  });

  test("objects when nothing new is written, or slots are counted wrong", () => {
    audit(heartbeat());
    const batch = { jobs: [], jobsRemoved: [], agents: [] };
    expect(() => audit(heartbeat(), ({ effects }) => effects.push({ kind: "persist", batch }))).toThrow(
      "writes nothing",
    );
    expect(() => audit(heartbeat(), () => void (known().slotsFree = 1))).toThrow("the slots that were free");
  });
});

describe("the audit of a start that failed", () => {
  const message = { epoch: 1, progress: 0, reason: "no such program", startFailed: true };

  test("lets one pass that is remembered, and objects when it is not, or not for its time", () => {
    const [one, other] = takeTwo();
    expect(() => audit({ type: "return", caller: agent.caller, leaseId: one.leaseId, message })).not.toThrow();
    const forget = (): void => known().forgetUnstartable(Infinity);
    const back = { type: "return", caller: agent.caller, leaseId: other.leaseId, message } as const;
    expect(() => audit(back, forget)).toThrow("who could not start a job is not asked again");
  });

  test("objects when the job is offered again at once, or one that could be started is kept back", () => {
    const [one, other] = takeTwo();
    audit({ type: "return", caller: agent.caller, leaseId: one.leaseId, message });
    broker.waitOut(one.jobId);
    known().forgetUnstartable(Infinity);
    const late = (): void => known().noteUnstartable(one.jobId, broker.nowMs + 1);
    expect(() => audit(heartbeat([other]), late)).toThrow("left to others for a while");
    const keep = (): void => known().noteUnstartable(other.jobId, broker.nowMs + 1);
    const back = { epoch: 1, progress: 0, reason: "the owner came home" };
    const input = { type: "return", caller: agent.caller, leaseId: other.leaseId, message: back } as const;
    expect(() => audit(input, keep)).toThrow("who gives back what it could start is asked again");
  });
});

describe("the audit of hints", () => {
  test("objects when nobody is woken for a job, or who cannot hear it is", () => {
    audit(heartbeat());
    const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
    const submit = (): BrokerInput<"submit"> => ({ type: "submit", jobs: [job] });
    const sleep = ({ effects }: { effects: Effect[] }): void => {
      broker.state.hungry.add(known());
      effects.splice(0, effects.length, ...effects.filter(({ kind }) => kind !== "push"));
    };
    expect(() => audit(submit(), sleep)).toThrow("wakes who waits for it");
    known().isConnected = false;
    const wake = ({ effects }: { effects: Effect[] }): void => {
      const { agentId } = agent;
      effects.push({ kind: "push", agentId, event: { event: "work_available", data: { queued: 2 } } });
    };
    expect(() => audit(submit(), wake)).toThrow("who hears it");
  });
});

describe("the audit of what is said of leases", () => {
  test("objects when a job ended in another way than was told", () => {
    const [one, other] = takeTwo();
    const complete = ({ leaseId, epoch }: Lease): BrokerInput<"complete"> => {
      const message = { epoch, outcome: "completed" as const, exitCode: 0, progress: 1 };
      return { type: "complete", caller: agent.caller, leaseId, message };
    };
    expect(() => audit(complete(one))).not.toThrow();
    expect(() => audit(complete(one))).not.toThrow();
    const spoil = (): void => void (broker.job(other.jobId).exitCode = 7);
    expect(() => audit(complete(other), spoil)).toThrow("as its holder was told");
  });

  test("objects when a live lease is fenced", () => {
    const [one] = takeTwo();
    const progress: BrokerInput<"progress"> = {
      type: "progress",
      caller: agent.caller,
      leaseId: one.leaseId,
      message: { epoch: one.epoch, progress: 3 },
    };
    expect(() => audit(progress)).not.toThrow();
    const fence = { ok: false, code: "fenced", message: "no" } as const;
    const decided = { state: broker.state, input: progress, before: null, dueSinceMs: null, effects: [] };
    expect(() => auditDecision(decided, fence)).toThrow("holds no such lease");
    expect(() => auditDecision(decided, { ...fence, code: "unknown-lease" })).toThrow("unknown");
    expect(() => auditDecision(decided, { ...fence, code: "revoked" })).toThrow("is revoked");
  });

  test("objects when jobs that go back together change places", () => {
    const leases = takeTwo();
    const message = { reason: "SIGTERM", handedBack: leases.map((lease) => handBackOf(lease)) };
    const swap = (): void => void (broker.job(leases[0].jobId).queueOrder = 5);
    const shutdown: BrokerInput<"shutdown"> = { type: "shutdown", caller: agent.caller, message };
    expect(() => audit(shutdown, swap)).toThrow("keep their order");
  });
});

test("the slot of a job that is cancelled while it runs is free when its agent says so, and that of an offer at once", () => {
  const cancel = (jobId: string, freed: number): void =>
    audit({ type: "cancel", jobId }, () => {
      known().slotsFree += freed;
    });
  const [one, other] = takeTwo();
  cancel(one.jobId, 0);
  expect(() => cancel(other.jobId, 1)).toThrow("free when its agent says so");
  audit(heartbeat([], 2));
  broker.submit(1);
  const { response } = apply(broker.state, heartbeat([], 2), broker.nowMs);
  const [offer] = (response as { answer: HeartbeatResponse }).answer.offers;
  cancel(present(offer, "it is offered").jobId, 0);
  expect(known().slotsFree).toBe(2);
});
