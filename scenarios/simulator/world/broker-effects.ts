import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import { assert, unreachable } from "../../../foundation/assert.ts";
import type { CheckpointReference, HeartbeatRequest, Resources, SignedRevocation } from "../../../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Connection } from "./agent-stream.ts";
import { hearAnswer } from "./broker-answers.ts";
import type { BrokerCall, Route } from "./broker-call.ts";
import type { Link } from "./link.ts";
import type { Network } from "./network.ts";
import { UntoldCheckpoints } from "./untold-checkpoints.ts";
import { Uploads } from "./uploads.ts";

type Effect<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;
type BrokerEffect = Effect<
  | "enrol"
  | "openEvents"
  | "heartbeat"
  | "accept"
  | "decline"
  | "complete"
  | "returnLease"
  | "uploadCheckpoint"
  | "reportProgress"
  | "notifyPaused"
  | "notifyResumed"
  | "notifyShutdown"
  | "withdraw"
  | "probeRevocation"
>;

/** The host's figures do not matter to any decision. */
const resources: Resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 };
/** Of the right shape and no more: signatures are not simulated. */
const signature = "s".repeat(86);
const publicKey = "p".repeat(43);

/** What a broker answers whom it does not count on. */
const unheeded: ReadonlySet<string> = new Set(["fenced", "unknown-agent"]);

interface Words {
  /** What it is for, where the route does not say so. */
  readonly as?: string;
  readonly leaseId?: string;
  readonly generation?: number;
  readonly timeoutMs?: number;
}

/** What an agent says to its broker, and hears back. */
export class BrokerEffects {
  readonly #body: AgentProcess;
  readonly #network: Network;
  readonly #link: Link;
  readonly #revocation: SignedRevocation;
  /** A pause was acknowledged, or may have been, and the broker was not told since that it is over. */
  #isPausedThere = false;
  /** The heartbeat that asks whether the key is dead. */
  #probe: BrokerCall | null = null;
  /** Most never have one. */
  #uploads: Uploads | null = null;
  #untold: UntoldCheckpoints | null = null;
  #fetches: Map<BrokerCall, (outcome: BrokerOutcome<unknown>) => void> | null = null;

  constructor(body: AgentProcess, network: Network) {
    this.#body = body;
    this.#network = network;
    this.#link = body.host.link;
    this.#revocation = { agentId: body.host.agentId, signature };
  }

  perform(effect: BrokerEffect): void {
    const { timing, slots } = this.#body.core;
    switch (effect.kind) {
      case "enrol": {
        const { joinToken } = this.#body.host;
        const message = { joinToken, publicKey, slots: effect.slots, revocation: this.#revocation };
        this.#say("enrol", message);
        return;
      }
      case "openEvents":
        this.#body.stream.open();
        return;
      case "heartbeat":
        this.#demandResumeTold(effect.request);
        this.#say("heartbeat", this.#withProgress(effect.request));
        return;
      case "accept":
        this.#say("accept", { epoch: effect.epoch }, { leaseId: effect.leaseId });
        return;
      case "decline":
        this.#say(
          "decline",
          { epoch: effect.epoch, reason: effect.reason, startFailed: effect.startFailed },
          { leaseId: effect.leaseId },
        );
        return;
      case "complete":
        this.#say("complete", effect.body, { leaseId: effect.leaseId, timeoutMs: timing.resultTimeoutMs });
        return;
      case "returnLease": {
        const { leaseId, jobId: _jobId, ...rest } = effect.handBack;
        const { reason, startFailed, agentDied } = effect;
        this.#say("return", { ...rest, reason, startFailed, agentDied }, { leaseId });
        return;
      }
      case "uploadCheckpoint":
        this.#untold?.brings(effect.leaseId);
        (this.#uploads ??= new Uploads(this.#body, this.#say.bind(this))).begin(effect);
        return;
      case "reportProgress": {
        const { epoch, checkpoint, leaseId, generation } = effect;
        this.#say("progress", { epoch, progress: checkpoint.progress, checkpoint }, { leaseId, generation });
        return;
      }
      case "notifyPaused":
        this.#isPausedThere = true;
        this.#say("paused", effect.body, { generation: effect.generation });
        return;
      case "notifyResumed":
        this.#isPausedThere = false;
        this.#say("resumed", { reason: effect.reason });
        return;
      case "notifyShutdown": {
        const { reason, handedBack, timeoutMs } = effect;
        this.#say("shutdown", { reason, handedBack }, { timeoutMs });
        return;
      }
      case "withdraw": {
        const { handedBack, timeoutMs } = effect;
        this.#say("withdraw", { handedBack, revocation: this.#revocation }, { timeoutMs });
        return;
      }
      case "probeRevocation": {
        const message = { state: "Withdrawing", slots, slotsFree: 0, resources, leases: [] };
        this.#probe = this.#say("heartbeat", message, { timeoutMs: effect.timeoutMs, as: "probe" });
        return;
      }
      default:
        unreachable(effect);
    }
  }

  connectEvents(connection: Connection): void {
    this.#say("events", connection);
  }

  /** Fetches the content of a checkpoint. */
  fetch({ manifestDigest, archiveDigest }: CheckpointReference, got: (outcome: BrokerOutcome<unknown>) => void): void {
    const { resultTimeoutMs: timeoutMs } = this.#body.core.timing;
    this.#fetches ??= new Map();
    this.#fetches.set(this.#say("get-blobs", [manifestDigest, archiveDigest], { timeoutMs }), got);
  }

  /** A call that it made came to its end. */
  answered(call: BrokerCall, outcome: BrokerOutcome<unknown>): void {
    const { world, host, core } = this.#body;
    if (core.withdrawal !== null) {
      const route = call === this.#probe ? "probe" : call.route;
      const code = outcome.ok ? "ok" : outcome.code;
      world.record(world.harness, "witness.heard", { agentId: host.agentId, route, code });
    }
    this.#witness(call, outcome.ok ? "ok" : outcome.code);
    if (call === this.#probe) this.#body.see({ type: "revocationProbed", outcome });
    else if (call.route === "get-blobs") {
      this.#fetches?.get(call)?.(outcome);
      this.#fetches?.delete(call);
    } else if (call.route === "upload-ask" || call.route === "upload-chunk") this.#uploads?.answered(call, outcome);
    else {
      if (call.route === "progress") (this.#untold ??= new UntoldCheckpoints()).told(call, outcome);
      hearAnswer(this.#body, call, outcome);
      if (call.route === "heartbeat" && outcome.ok && this.#body.alive) this.#untold?.heard(this.#body.core);
    }
  }

  #say(
    route: Route,
    message: unknown,
    { leaseId = "", generation = 0, timeoutMs, as = route }: Words = {},
  ): BrokerCall {
    const { world, host, source, core } = this.#body;
    if (core.withdrawal !== null) {
      const lease = leaseId === "" ? {} : { leaseId };
      world.record(world.harness, "witness.call", { agentId: host.agentId, route: as, ...lease });
    }
    const call: BrokerCall = {
      from: this.#body,
      route,
      message,
      leaseId,
      generation,
      sentAtMs: world.wallMs(source.clockOffsetMs),
      deadlineMs: world.nowMs + (timeoutMs ?? core.timing.requestTimeoutMs),
      settled: false,
      watched: false,
    };
    this.#witness(call, "sent");
    this.#network.send(call, this.#link);
    return call;
  }

  /** What becomes of a lease or of the agent hangs on these; the others are said once. */
  #witness({ route: call, leaseId, generation }: BrokerCall, outcome: string): void {
    const { world, caller } = this.#body;
    if (call === "accept" || call === "complete" || call === "return") {
      world.record(world.harness, "witness.lease-call", { ...caller, leaseId, call, outcome });
    } else if (call === "enrol" || call === "paused" || (call === "heartbeat" && unheeded.has(outcome))) {
      world.record(world.harness, "witness.agent-call", { ...caller, call, generation, outcome });
    }
  }

  /** Whoever goes on tells the broker so, before it signals again. */
  #demandResumeTold({ state }: Omit<HeartbeatRequest, "resources">): void {
    assert(!this.#isPausedThere || (state !== "Idle" && state !== "Working"), "the end of a pause is told");
  }

  /** As the real agent does: the jobs' own latest word, and the host's figures. */
  #withProgress(request: Omit<HeartbeatRequest, "resources">): HeartbeatRequest {
    const { state, slots, slotsFree } = request;
    if (request.leases.length === 0) return { state, slots, slotsFree, resources, leases: request.leases };
    const { host } = this.#body;
    const leases = request.leases.map((lease) => {
      if (lease.execution !== "running") return lease;
      const sandbox = host.sandboxes.get(lease.leaseId);
      // One whose first process has ended is being cleaned up, frozen or not.
      if (sandbox !== undefined && sandbox.end === null) {
        assert(
          lease.frozen === sandbox.isStopped,
          "what the broker is told to be frozen stands still, and nothing else",
        );
      }
      return { ...lease, progress: Math.max(lease.progress, host.workspaceProgress(lease.leaseId)) };
    });
    return { state, slots, slotsFree, resources, leases };
  }
}
