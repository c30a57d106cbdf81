import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import type * as z from "zod";

import { isTerminalJob } from "../../protocol/job-states.ts";
import type { Lease } from "../../protocol/messages.ts";
import { CoreAgent, CoreBroker, codeOf, handBackOf, named } from "../testing/core-broker.ts";

type OpenLease = z.infer<typeof Lease>;

const agentsMax = 3;
const timing = {
  leaseTtlMs: 300,
  offerTtlMs: 30,
  activityTimeoutMs: 70,
  heartbeatIntervalMs: 30,
  revokeLostAfterMs: 5_000,
  backoffMs: 20,
  backoffMsMax: 100,
};

/** One thing that happens. `pick` chooses among what there is; what cannot be done then is not done. */
const step = fc.record({
  kind: fc.constantFrom(
    "submit",
    "submit",
    "heartbeat",
    "heartbeat",
    "heartbeat",
    "accept",
    "accept",
    "accept",
    "decline",
    "progress",
    "complete",
    "complete",
    "giveBack",
    "startFails",
    "startFails",
    "pause",
    "shutdown",
    "startAnew",
    "startAnew",
    "withdraw",
    "cancel",
    "advance",
    "advance",
    "advance",
    "restart",
  ),
  agent: fc.nat({ max: agentsMax - 1 }),
  pick: fc.nat({ max: 1_000 }),
  ms: fc.constantFrom(1, 10, 30, 69, 70, 299, 300, 301, 1_000),
  names: fc.boolean(),
});

interface ActorAgent {
  agent: CoreAgent;
  paused: boolean;
  gone: boolean;
  /** Every offer and lease that it ever heard of, the stale ones included: a buggy or frozen agent uses them all. */
  readonly heard: OpenLease[];
}

/**
 * Any number of agents that do anything at any time, with grants long gone too, while the broker is killed and started
 * from its store in between. What must hold, whatever happens, is asserted after every step.
 */
test.prop([fc.array(step, { maxLength: 120 })], { numRuns: 400 })(
  "keeps its promises in every interleaving",
  (steps) => {
    const broker = new CoreBroker(timing);
    let agentCount = 0;
    const newActor = (): ActorAgent => {
      agentCount += 1;
      const agent = new CoreAgent(broker, { number: agentCount, slots: 2 }).enrol();
      return { agent, paused: false, gone: false, heard: [] };
    };
    const actors = Array.from({ length: agentsMax }, newActor);
    const submitted: string[] = [];
    const promises = new PromiseKeeper(broker);

    for (const { kind, agent: index, pick, ms, names } of steps) {
      const actor = actors[index]!;
      const { agent } = actor;
      const lease = actor.heard.length > 0 ? actor.heard[pick % actor.heard.length] : undefined;
      switch (kind) {
        case "submit":
          submitted.push(...broker.submit(1, { redeliveriesMax: pick % 3, priority: (pick % 5) - 2 }));
          break;
        case "heartbeat": {
          const leases = names ? actor.heard.slice(-4).map((heard) => named(heard)) : [];
          const state = actor.paused ? ("Paused" as const) : ("Idle" as const);
          const response = agent.tryHeartbeat({ state, slotsFree: actor.paused ? 0 : pick % 3, leases });
          if (!response.ok) break;
          if (actor.paused) expect(response.answer.offers).toEqual([]);
          expect(response.answer.offers.length).toBeLessThanOrEqual(2);
          actor.heard.push(...response.answer.offers);
          break;
        }
        case "accept":
          if (lease !== undefined && agent.accept(lease).ok) {
            expect(broker.job(lease.jobId).grant).toMatchObject({ leaseId: lease.leaseId, agentId: agent.agentId });
          }
          break;
        case "decline":
          if (lease !== undefined) agent.decline(lease);
          break;
        case "progress":
          if (lease !== undefined) agent.progress(lease, pick, broker.checkpoint(String(pick % 5), pick));
          break;
        case "complete":
          if (lease !== undefined)
            promises.judgeCompletion(agent, lease, agent.complete(lease, { exitCode: pick % 2 }).ok);
          break;
        case "giveBack":
          if (lease !== undefined)
            agent.giveBack(lease, pick, names ? broker.checkpoint(String(pick % 5), pick) : undefined);
          break;
        case "startFails":
          if (lease !== undefined) {
            const message = { epoch: lease.epoch, progress: 0, reason: "it could not be started", startFailed: true };
            broker.do({ type: names ? "return" : "decline", caller: agent.caller, leaseId: lease.leaseId, message });
          }
          break;
        case "pause":
          actor.paused = !actor.paused;
          if (actor.paused) {
            const checkpoints = actor.heard.slice(-2).map((heard) => handBackOf(heard));
            broker.do({ type: "paused", caller: agent.caller, message: { reason: "any", freezeMs: 1, checkpoints } });
          } else broker.do({ type: "resumed", caller: agent.caller, message: { reason: "any" } });
          break;
        case "shutdown":
          agent.shutdown(names ? actor.heard.slice(-2) : []);
          break;
        case "startAnew":
          agent.startAnew();
          actor.gone = !agent.tryEnrol().ok;
          actor.paused = false;
          break;
        case "withdraw":
          if (agent.withdraw(names ? actor.heard.slice(-2) : []).ok) actor.gone = true;
          break;
        case "cancel":
          if (submitted.length > 0) broker.do({ type: "cancel", jobId: submitted[pick % submitted.length]! });
          break;
        case "advance":
          broker.advance(ms);
          break;
        case "restart":
          broker.restart();
          break;
      }
      if (actor.gone || agent.record.standing === "revoked") {
        for (const response of [agent.tryHeartbeat(), agent.tryEnrol()]) expect(codeOf(response)).toBe("revoked");
        actors[index] = newActor();
      }
      promises.check(submitted);
    }
    promises.settleEverything(submitted);
  },
);

/** Remembers what was seen, and compares. */
class PromiseKeeper {
  readonly #broker: CoreBroker;
  readonly #epochs = new Map<string, number>();
  readonly #settled = new Map<string, string>();
  readonly #live = new Map<string, string>();
  readonly #waits = new Map<string, number>();
  #effectsSeen = 0;

  constructor(broker: CoreBroker) {
    this.#broker = broker;
  }

  /** A completion that was taken was the live lease's, or a repeat of the one that was taken before (I2, I3). */
  judgeCompletion(agent: CoreAgent, { jobId, leaseId }: OpenLease, taken: boolean): void {
    if (!taken) return;
    expect(this.#broker.job(jobId).settledBy).toEqual({ leaseId, agentId: agent.agentId });
    const before = this.#settled.get(jobId);
    if (before === undefined) expect(this.#live.get(jobId)).toBe(leaseId);
  }

  check(submitted: readonly string[]): void {
    const { effects } = this.#broker;
    for (; this.#effectsSeen < effects.length; this.#effectsSeen += 1) {
      const effect = effects[this.#effectsSeen]!;
      if (effect.kind === "history") this.#follow(effect.entry.type, { ...effect.entry.data });
    }
    for (const jobId of submitted) {
      // No job is ever lost (I3).
      const job = this.#broker.job(jobId);
      const story = `${job.state} ${job.completedAt} ${job.exitCode} ${job.result}`;
      const before = this.#settled.get(jobId);
      // Terminal is terminal, and its time is set once (I4).
      if (before !== undefined) expect(story).toBe(before);
      if (isTerminalJob(job.state)) this.#settled.set(jobId, story);
      expect(this.#broker.storedJobs.get(jobId)).toMatchObject({ state: job.state, epoch: job.epoch });
    }
  }

  /** Once faults stop and an agent is there, every job comes to its end (L2). */
  settleEverything(submitted: readonly string[]): void {
    const agent = new CoreAgent(this.#broker, { number: 999, slots: 8 }).enrol();
    const roundsMax = submitted.length + 10;
    for (let round = 0; round < roundsMax; round += 1) {
      this.#broker.advance(timing.leaseTtlMs);
      for (const lease of agent.takeWork()) expect(codeOf(agent.complete(lease))).toBe("ok");
    }
    this.check(submitted);
    for (const jobId of submitted) expect(isTerminalJob(this.#broker.job(jobId).state)).toBe(true);
    expect(this.#broker.state.blobs.size).toBe(0);
  }

  #follow(type: string, data: Record<string, unknown>): void {
    const [jobId, leaseId] = [String(data["jobId"]), String(data["leaseId"])];
    if (type === "broker.job") this.#waits.set(jobId, (data["backoff"] as { until: number } | undefined)?.until ?? 0);
    if (type === "broker.offered") {
      // At most one live grant per job, each under a larger epoch than all before (I1).
      expect(this.#live.get(jobId)).toBeUndefined();
      // Not before it has waited for long enough.
      expect(this.#broker.nowMs).toBeGreaterThanOrEqual(this.#waits.get(jobId) ?? 0);
      expect(Number(data["epoch"])).toBeGreaterThan(this.#epochs.get(jobId) ?? 0);
      this.#epochs.set(jobId, Number(data["epoch"]));
      this.#live.set(jobId, leaseId);
    } else if (type === "broker.leased") expect(this.#live.get(jobId)).toBe(leaseId);
    else if (type === "broker.released") {
      expect(this.#live.get(jobId)).toBe(leaseId);
      this.#live.delete(jobId);
    }
  }
}
