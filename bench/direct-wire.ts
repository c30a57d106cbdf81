import { apply as applyAgent } from "../agent/core/agent.ts";
import type { AgentEffect } from "../agent/core/effect.ts";
import type { AgentInput } from "../agent/core/input.ts";
import type { BrokerOutcome } from "../agent/core/outcome.ts";
import { type AgentCore, initialCore } from "../agent/core/state.ts";
import { apply as applyBroker } from "../broker-sim/core/apply.ts";
import { type BrokerState, startBrokerState } from "../broker-sim/core/broker-state.ts";
import type { BrokerInput, Caller } from "../broker-sim/core/inputs.ts";
import type { CheckpointContent, JobSpec } from "../protocol/messages.ts";
import { defaultTiming } from "../protocol/timing.ts";

interface Seen<T> {
  readonly input: T;
  readonly nowMs: number;
}

interface WiredAgent {
  readonly caller: Caller;
  core: AgentCore;
  readonly seen: Seen<AgentInput>[];
  readonly running: string[];
}

type AcceptAnswer = Extract<Extract<AgentInput, { type: "acceptAnswered" }>["outcome"], { ok: true }>["value"];
/** By effect: what it leads to. Those that do not stand there are answered by nothing, or do not come up in these lives. */
type Answers = {
  readonly [K in AgentEffect["kind"]]?: (effect: Extract<AgentEffect, { kind: K }>) => AgentInput | null;
};

const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
const slots = 2;

/** Agents and their broker on one wire without a network: whatever one says is answered at once. Keeps every input. */
export class DirectWire {
  readonly agents: readonly WiredAgent[];
  readonly brokerSeen: Seen<BrokerInput>[] = [];
  nowMs = 1_000_000;
  readonly #broker: BrokerState = freshBroker();
  readonly #waiting: { agent: WiredAgent; input: AgentInput }[] = [];
  #checkpoints = 0;

  constructor(agents: number) {
    this.agents = Array.from({ length: agents }, (_, index) => {
      const caller = { agentId: index.toString(16).padStart(64, "0"), instanceId: `instance-${index}` };
      return { caller, core: freshAgent(caller.instanceId), seen: [], running: [] };
    });
    const recovered = {
      enrolmentSent: false,
      pause: null,
      activityIgnored: false,
      leases: [],
      withdrawal: null,
      strays: false,
    };
    for (const agent of this.agents) {
      const { agentId } = agent.caller;
      const process = { hasKey: true, pid: 1, driver: "none", bootId: "" };
      this.tell(agent, { type: "started", agentId, ...process, recovered, mayEnrol: true });
    }
  }

  submit(jobs: readonly JobSpec[]): void {
    this.#ask({ type: "submit", jobs });
    this.#settle();
  }

  tell(agent: WiredAgent, input: AgentInput): void {
    this.#waiting.push({ agent, input });
    this.#settle();
  }

  #settle(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { agent, input } = next;
      agent.seen.push({ input, nowMs: this.nowMs });
      const turn = applyAgent(agent.core, input, this.nowMs);
      agent.core = turn.state;
      for (const effect of turn.effects) {
        const answer = this.#answer(agent, effect);
        if (answer !== null) this.#waiting.push({ agent, input: answer });
      }
    }
  }

  /** What an effect leads to, as if nothing ever took time or failed; null for nothing. */
  #answer(agent: WiredAgent, effect: AgentEffect): AgentInput | null {
    const answers: Answers = { ...this.#fromHost(agent), ...this.#fromBroker(agent) };
    const answer = answers[effect.kind] as ((effect: AgentEffect) => AgentInput | null) | undefined;
    return answer?.(effect) ?? null;
  }

  #fromHost({ running }: WiredAgent): Answers {
    return {
      freezeAll: ({ generation }) => ({ type: "frozen", generation, freezeMs: 1, processes: 1, running: [] }),
      thawAll: ({ trigger, requestId }) => ({ type: "thawed", trigger, thawMs: 1, requestId }),
      prepareSandbox: ({ leaseId }) => ({ type: "sandboxPrepared", leaseId, workspace: "/workspace" }),
      startSandbox: ({ leaseId }) => {
        running.push(leaseId);
        return { type: "sandboxStarted", leaseId, pid: 2, cgroup: null };
      },
      terminateSandbox: ({ leaseId }) => ({ type: "sandboxTerminated", leaseId, terminated: 1, left: [] }),
      wipeSandbox: ({ leaseId }) => ({ type: "sandboxWiped", leaseId, left: [] }),
      saveCheckpoint: ({ leaseId, generation }) => {
        return { type: "checkpointSaved", leaseId, generation, content: this.#checkpoint(), durationMs: 1 };
      },
    };
  }

  #fromBroker({ caller }: WiredAgent): Answers {
    const sentAtMs = this.nowMs;
    const proofs = { joinTokenMatches: true, revocationVerified: true };
    const revocation = { agentId: caller.agentId, signature: "" };
    return {
      enrol: (effect) => {
        const message = { publicKey: "", slots: effect.slots, revocation };
        return { type: "enrolAnswered", outcome: this.#ask({ type: "enrol", caller, message, ...proofs }) };
      },
      openEvents: () => {
        this.#ask({ type: "connected", caller });
        return null;
      },
      heartbeat: ({ request }) => {
        const message = { ...request, resources };
        return { type: "heartbeatAnswered", outcome: this.#ask({ type: "heartbeat", caller, message }), sentAtMs };
      },
      accept: ({ leaseId, epoch }) => {
        const outcome = this.#ask<AcceptAnswer>({ type: "accept", caller, leaseId, message: { epoch } });
        return { type: "acceptAnswered", leaseId, outcome };
      },
      complete: ({ leaseId, body }) => {
        const outcome = this.#ask({ type: "complete", caller, leaseId, message: body });
        return { type: "completeAnswered", leaseId, outcome };
      },
      uploadCheckpoint: ({ leaseId, generation, reference }) => {
        const key = { agentId: caller.agentId, leaseId };
        const chunk = { offset: 0, bytes: 1, length: 1, complete: true };
        let outcome: BrokerOutcome<unknown> = { ok: true, value: null };
        for (const digest of [reference.manifestDigest, reference.archiveDigest]) {
          const taken = this.#ask<{ take: boolean }>({ type: "upload-chunk", caller, leaseId, digest, chunk });
          if (!taken.ok || !taken.value.take) continue;
          outcome = this.#ask({ type: "upload-stored", ...key, digest, bytes: 1, measured: digest });
        }
        return { type: "uploadAnswered", leaseId, generation, outcome };
      },
      notifyPaused: ({ generation, body }) => {
        return { type: "pausedAnswered", generation, outcome: this.#ask({ type: "paused", caller, message: body }) };
      },
      notifyResumed: ({ reason }) => {
        this.#ask({ type: "resumed", caller, message: { reason } });
        return null;
      },
    };
  }

  #ask<T>(input: BrokerInput): BrokerOutcome<T> {
    this.brokerSeen.push({ input, nowMs: this.nowMs });
    const { response, effects } = applyBroker(this.#broker, input, this.nowMs);
    for (const effect of effects) {
      if (effect.kind !== "push") continue;
      const agent = this.agents.find(({ caller }) => caller.agentId === effect.agentId);
      if (agent !== undefined) this.#waiting.push({ agent, input: { type: "brokerEvent", event: effect.event } });
    }
    if (!response.ok) throw new Error(`The broker refuses ${input.type}: ${response.message}`);
    return { ok: true, value: response.answer } as BrokerOutcome<T>;
  }

  #checkpoint(): CheckpointContent {
    this.#checkpoints += 1;
    const number = String(this.#checkpoints).padStart(63, "0");
    return { manifestDigest: `b${number}`, archiveDigest: `a${number}`, archiveBytes: 1, progress: 1 };
  }
}

export function freshAgent(instanceId: string): AgentCore {
  return initialCore({ instanceId, slots });
}

export function freshBroker(): BrokerState {
  return startBrokerState({ timing: defaultTiming, boot: "b1", nowMs: 0 });
}
