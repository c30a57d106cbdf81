import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentState } from "../../../protocol/agent-states.ts";
import type { CheckpointReference } from "../../../protocol/messages.ts";
import type { AgentProcess } from "./agent-process.ts";
import { behaviourOf } from "./job-behaviours.ts";
import type { BrokerEffects } from "./broker-effects.ts";
import type { Sandbox, Stray } from "./sandbox.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { durationMs } from "./world.ts";

type Effect<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;
type SandboxEffect = Effect<
  | "freezeAll"
  | "thawAll"
  | "endStrays"
  | "prepareSandbox"
  | "startSandbox"
  | "terminateSandbox"
  | "wipeSandbox"
  | "saveCheckpoint"
  | "discardCheckpoint"
  | "discardCheckpoints"
  | "wipeLeftovers"
>;

/** What things take on a host, in milliseconds: the least (benign) and the most. */
const takes = {
  freeze: { minMs: 1, maxMs: 5 },
  prepare: { minMs: 1, maxMs: 20 },
  spawn: { minMs: 2, maxMs: 40 },
  wipe: { minMs: 1, maxMs: 30 },
  sweep: { minMs: 1, maxMs: 50 },
} as const;
/** A checkpoint takes so long at least, and so much for each megabyte. */
const checkpointMsMin = 5;
const checkpointMsPerMegabyte = 4;
const archiveBytesPerMegabyte = 1_000;

/** What the brain wants of the sandboxes, carried out on the modelled host. */
export class SandboxEffects {
  readonly #body: AgentProcess;
  readonly #broker: BrokerEffects;
  readonly #silence: SilenceWatch;
  #freezeWantedAtMs: number | null = null;

  constructor(body: AgentProcess, broker: BrokerEffects) {
    this.#body = body;
    this.#broker = broker;
    this.#silence = new SilenceWatch(body.host);
  }

  /** From now on everything ought to stand still at once; how long it takes is told when it does. */
  expectFreeze(): void {
    this.#freezeWantedAtMs ??= this.#body.world.nowMs;
  }

  perform(effect: SandboxEffect): void {
    switch (effect.kind) {
      case "freezeAll":
        return this.#freeze(effect);
      case "thawAll":
        return this.#thaw(effect);
      case "endStrays":
        return this.#endStrays(effect);
      case "prepareSandbox":
        return this.#prepare(effect);
      case "startSandbox":
        return this.#start(effect);
      case "terminateSandbox":
        return this.#terminate(effect);
      case "wipeSandbox":
        return this.#after("wipe", takes.wipe, () => this.#wipe(effect));
      case "saveCheckpoint":
        return this.#save(effect);
      case "discardCheckpoint":
        return this.#body.host.dropCheckpoint(effect.leaseId, effect.generation);
      case "discardCheckpoints":
        return this.#dropCheckpoints(effect.leaseId);
      case "wipeLeftovers":
        return this.#wipeLeftovers(effect.leaseIds);
    }
  }

  /** The agent is in another state now: a pause is watched from the moment when it is in force (I5). */
  moved(to: AgentState): void {
    if (to === "Paused") this.#silence.begin();
    else this.#silence.end();
  }

  endWatch(): void {
    this.#silence.end();
  }

  /** Kills whatever runs, at once. */
  endAll(): void {
    for (const sandbox of this.#own()) this.#vanish(sandbox);
  }

  #freeze({ generation, triggeredAtMs }: Effect<"freezeAll">): void {
    const { host, world, source } = this.#body;
    const tookMs = durationMs(host.stream, "freeze", takes.freeze);
    let processes = 0;
    for (const sandbox of this.#own()) {
      sandbox.stop();
      processes += sandbox.processes;
    }
    this.#tellOfFreeze(tookMs, processes);
    const freezeMs = Math.max(0, world.wallMs(source.clockOffsetMs) - triggeredAtMs) + tookMs;
    this.#body.see({ type: "frozen", generation, freezeMs, processes, running: [] });
  }

  #tellOfFreeze(tookMs: number, processes: number): void {
    if (this.#freezeWantedAtMs === null) return;
    const { host, world } = this.#body;
    const latencyMs = world.nowMs - this.#freezeWantedAtMs + tookMs;
    this.#freezeWantedAtMs = null;
    const { agentId } = host;
    world.record(world.harness, "witness.freeze", {
      ...{ agentId, latencyMs, source: "cgroup", processes },
      agentFreezeMs: null,
    });
  }

  #thaw({ trigger, triggeredAtMs, waiting }: Effect<"thawAll">): void {
    const { world, source } = this.#body;
    this.#silence.end();
    for (const sandbox of this.#own()) sandbox.goOn();
    const thawMs = Math.max(0, world.wallMs(source.clockOffsetMs) - triggeredAtMs);
    this.#body.see({ type: "thawed", trigger, thawMs, waiting });
  }

  /** Whatever an earlier instance left, and what this one lost track of. */
  #endStrays({ graceMs, deadlineMs }: Effect<"endStrays">): void {
    const { host } = this.#body;
    const strays = [...host.sandboxes.values()].filter((sandbox) => sandbox.processes > 0);
    let waiting = strays.length;
    let terminated = 0;
    const left: Stray[] = [];
    const done = (): void => {
      if (waiting > 0 || !this.#body.alive) return;
      for (const key of [...host.journal.resources].sort()) {
        if (key.startsWith("processes:") && !host.has(key)) this.#body.ledger.release(key);
        if (key.startsWith("cgroup:") && !host.has(key)) this.#body.ledger.release(key);
      }
      this.#body.later(durationMs(host.stream, "sweep", takes.sweep), { type: "straysEnded", terminated, left });
    };
    for (const sandbox of strays) {
      sandbox.terminate({ graceMs, deadlineMs, by: this.#body }, (result) => {
        waiting -= 1;
        terminated += result.terminated;
        left.push(...result.left);
        done();
      });
    }
    if (strays.length === 0) done();
  }

  #prepare({ leaseId, checkpoint }: Effect<"prepareSandbox">): void {
    const body = this.#body;
    const failed = (reason: string): void => body.later(0, { type: "sandboxPrepareFailed", leaseId, reason });
    body.ledger.make(`directory:${body.home}/sandboxes/${leaseId}`);
    if (!body.alive) return;
    body.host.makeWorkspace(leaseId, 0);
    if (checkpoint === null) {
      this.#prepared(leaseId);
      return;
    }
    this.#broker.fetch(checkpoint, (outcome) => {
      const content = body.world.blobs.of(checkpoint.archiveDigest);
      if (!outcome.ok) failed(`the checkpoint cannot be fetched: ${outcome.message}`);
      else if (content === undefined || content.torn) failed("the checkpoint's archive does not match its digest");
      else {
        body.host.makeWorkspace(leaseId, content.progress);
        this.#prepared(leaseId);
      }
    });
  }

  #prepared(leaseId: string): void {
    const { host } = this.#body;
    const workspace = `${this.#body.home}/sandboxes/${leaseId}/workspace`;
    this.#body.later(durationMs(host.stream, "prepare", takes.prepare), {
      type: "sandboxPrepared",
      leaseId,
      workspace,
    });
  }

  /** Journalled, then spawned, then heard of: a process is there before anybody is told, and a freeze may come between. */
  #start({ leaseId, jobId, job }: Effect<"startSandbox">): void {
    const body = this.#body;
    const { host } = body;
    body.ledger.acquire(`cgroup:/cgroup/${leaseId}`);
    body.ledger.acquire(`processes:${leaseId}`);
    if (host.spawnsFail > 0 || behaviourOf(job).spawnFails) {
      body.ledger.release(`processes:${leaseId}`);
      body.ledger.release(`cgroup:/cgroup/${leaseId}`);
      const reason = "spawn: no such program";
      body.later(durationMs(host.stream, "spawn", takes.spawn), { type: "sandboxStartFailed", leaseId, reason });
      return;
    }
    this.#after("spawn", takes.spawn, () => {
      const sandbox = host.startSandbox({ leaseId, jobId, job, parent: body.instanceId });
      this.#after("heard", takes.spawn, () => this.#heard(sandbox));
    });
  }

  /** Who hears of a process that has ended by then hears of both, in order. */
  #heard(sandbox: Sandbox): void {
    const { leaseId, pid, end } = sandbox;
    sandbox.heard = true;
    this.#body.see({ type: "sandboxStarted", leaseId, pid, cgroup: `/cgroup/${leaseId}` });
    if (end !== null) this.#body.sandboxEnded(sandbox, end);
  }

  #terminate({ leaseId, graceMs, deadlineMs }: Effect<"terminateSandbox">): void {
    const body = this.#body;
    const sandbox = body.host.sandboxes.get(leaseId);
    if (sandbox === undefined) {
      body.later(0, { type: "sandboxTerminated", leaseId, terminated: 0, left: [] });
      return;
    }
    sandbox.terminate({ graceMs, deadlineMs, by: body }, ({ terminated, left }) => {
      if (!body.alive) return;
      if (left.length === 0) this.#strikeOff(leaseId);
      body.later(0, { type: "sandboxTerminated", leaseId, terminated, left });
    });
  }

  #strikeOff(leaseId: string): void {
    this.#body.ledger.release(`processes:${leaseId}`);
    this.#body.ledger.release(`cgroup:/cgroup/${leaseId}`);
  }

  #wipe({ leaseId }: { leaseId: string }): void {
    const body = this.#body;
    body.host.wipeWorkspace(leaseId);
    body.ledger.unmake(`directory:${body.home}/sandboxes/${leaseId}`);
    body.see({ type: "sandboxWiped", leaseId, left: [] });
  }

  #save({ leaseId, jobId, generation }: Effect<"saveCheckpoint">): void {
    const body = this.#body;
    const { host, world } = body;
    if (host.checkpointsFail > 0) {
      body.later(checkpointMsMin, { type: "checkpointFailed", leaseId, generation, reason: "no space left on device" });
      return;
    }
    body.ledger.make(`directory:${body.home}/checkpoints/${leaseId}`);
    const sandbox = host.sandboxes.get(leaseId);
    const megabytes = sandbox?.behaviour.megabytes ?? 0;
    const resumes = sandbox?.resumes ?? 0;
    const progress = host.workspaceProgress(leaseId);
    const maxMs = checkpointMsMin + checkpointMsPerMegabyte * megabytes;
    const tookMs = durationMs(host.stream, "checkpoint", { minMs: checkpointMsMin, maxMs });
    this.#in(tookMs, () => {
      if (body.core.freeze?.generation !== generation) {
        body.see({ type: "checkpointFailed", leaseId, generation, reason: "it was called off" });
        return;
      }
      // Whatever the job wrote while its directory was read is in the archive in part.
      const torn =
        sandbox !== undefined && (sandbox.resumes !== resumes || (sandbox.processes > 0 && !sandbox.isStopped));
      const content = { jobId, progress, torn };
      const reference: CheckpointReference = world.blobs.add(content, Math.ceil(megabytes * archiveBytesPerMegabyte));
      host.keepCheckpoint(leaseId, generation, { reference, content });
      body.see({ type: "checkpointSaved", leaseId, generation, reference, durationMs: tookMs });
    });
  }

  #dropCheckpoints(leaseId: string): void {
    const body = this.#body;
    body.host.dropCheckpoints(leaseId);
    if (body.host.has(`directory:${body.home}/checkpoints/${leaseId}`)) {
      body.ledger.unmake(`directory:${body.home}/checkpoints/${leaseId}`);
    }
  }

  #wipeLeftovers(leaseIds: readonly string[]): void {
    const body = this.#body;
    const { workspaces } = body.host.leasesOnDisk();
    for (const leaseId of workspaces) body.host.wipeWorkspace(leaseId);
    for (const thing of body.host.things()) {
      const match = /^directory:.*\/(sandboxes|checkpoints)\/([^/]+)$/.exec(thing);
      if (match === null || (match[1] === "checkpoints" && leaseIds.includes(match[2] as string))) continue;
      if (match[1] === "checkpoints") body.host.dropCheckpoints(match[2] as string);
      body.ledger.unmake(thing);
    }
  }

  #vanish(sandbox: Sandbox): void {
    sandbox.vanish();
    this.#body.host.emptied(sandbox);
  }

  /** The sandboxes of this process, in the order in which they came up. */
  *#own(): Generator<Sandbox> {
    const { host, instanceId } = this.#body;
    for (const sandbox of host.sandboxes.values()) {
      if (sandbox.parent === instanceId && sandbox.processes > 0) yield sandbox;
    }
  }

  #after(kind: string, range: { minMs: number; maxMs: number }, happens: () => void): void {
    this.#in(durationMs(this.#body.host.stream, kind, range), happens);
  }

  /** Work of the agent's own process: it dies with it. */
  #in(delayMs: number, happens: () => void): void {
    this.#body.whenDone(delayMs, happens);
  }
}
