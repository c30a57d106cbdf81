import { unreachable } from "../../../foundation/assert.ts";
import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { BrokerEffects } from "./broker-effects.ts";
import { dropCheckpoints, saveCheckpoint } from "./checkpoint-effects.ts";
import { Cooperations } from "./cooperations.ts";
import { Freezer } from "./freezer.ts";
import { prepareSandbox, startSandbox } from "./sandbox-start.ts";
import type { Stray } from "./termination.ts";
import { durationMs } from "./world.ts";

type Effect<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;
type SandboxEffect = Effect<
  | "freezeAll"
  | "thawAll"
  | "askCooperation"
  | "endCooperation"
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
  wipe: { minMs: 1, maxMs: 30 },
  sweep: { minMs: 1, maxMs: 50 },
} as const;

/** What the brain wants of the sandboxes, carried out on the modelled host. */
export class SandboxEffects {
  readonly freezer: Freezer;
  readonly cooperations: Cooperations;
  readonly #body: AgentProcess;
  readonly #broker: BrokerEffects;

  constructor(body: AgentProcess, broker: BrokerEffects) {
    this.#body = body;
    this.#broker = broker;
    this.freezer = new Freezer(body);
    this.cooperations = new Cooperations(body);
  }

  perform(effect: SandboxEffect): void {
    switch (effect.kind) {
      case "freezeAll":
        return this.freezer.freeze(effect);
      case "thawAll":
        return this.freezer.thaw(effect);
      case "askCooperation":
        return this.cooperations.ask(effect);
      case "endCooperation":
        return this.cooperations.end();
      case "endStrays":
        return this.#endStrays(effect);
      case "prepareSandbox":
        return prepareSandbox(this.#body, this.#broker, effect);
      case "startSandbox":
        return startSandbox(this.#body, effect);
      case "terminateSandbox":
        return this.#terminate(effect);
      case "wipeSandbox":
        return this.#wipe(effect);
      case "saveCheckpoint":
        return saveCheckpoint(this.#body, effect);
      case "discardCheckpoint":
        return this.#body.host.dropCheckpoint(effect.leaseId, effect.generation);
      case "discardCheckpoints":
        return dropCheckpoints(this.#body, effect.leaseId);
      case "wipeLeftovers":
        return this.#wipeLeftovers(effect.leaseIds);
      default:
        return unreachable(effect);
    }
  }

  /** Kills whatever runs, at once. */
  endAll(): void {
    const { host, instanceId } = this.#body;
    for (const sandbox of host.sandboxesOf(instanceId)) {
      sandbox.vanish();
      host.emptied(sandbox);
    }
  }

  /** Whatever an earlier instance left, and everything else if that is wanted. */
  #endStrays({ everything, graceMs, deadlineMs }: Effect<"endStrays">): void {
    const { host, instanceId } = this.#body;
    const strays = [...host.sandboxes.values()].filter(
      ({ processes, parent }) => processes > 0 && (everything || parent !== instanceId),
    );
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
      // Whoever asked for the end that is under way counts it.
      const counts = !sandbox.isEnding;
      this.freezer.releases(sandbox);
      sandbox.terminate({ graceMs, deadlineMs, by: this.#body }, (result) => {
        waiting -= 1;
        if (counts) terminated += result.terminated;
        left.push(...result.left);
        done();
      });
    }
    if (strays.length === 0) done();
  }

  #terminate({ leaseId, graceMs, deadlineMs }: Effect<"terminateSandbox">): void {
    const body = this.#body;
    const sandbox = body.host.sandboxes.get(leaseId);
    if (sandbox === undefined) {
      body.later(0, { type: "sandboxTerminated", leaseId, terminated: 0, left: [] });
      return;
    }
    this.freezer.releases(sandbox);
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

  #wipe({ leaseId }: Effect<"wipeSandbox">): void {
    const body = this.#body;
    body.whenDone(durationMs(body.host.stream, "wipe", takes.wipe), () => {
      body.host.wipeWorkspace(leaseId);
      body.ledger.unmake(`directory:${body.home}/sandboxes/${leaseId}`);
      body.see({ type: "sandboxWiped", leaseId, left: [] });
    });
  }

  #wipeLeftovers(leaseIds: readonly string[]): void {
    const body = this.#body;
    const { workspaces } = body.host.leasesOnDisk();
    for (const leaseId of workspaces) body.host.wipeWorkspace(leaseId);
    // Also what the ledger names and is not there any more: an instance may have died between a wipe and its line.
    for (const thing of new Set([...body.host.things(), ...body.host.journal.resources])) {
      const match = /^directory:.*\/(sandboxes|checkpoints)\/([^/]+)$/.exec(thing);
      if (match === null || (match[1] === "checkpoints" && leaseIds.includes(match[2] as string))) continue;
      if (match[1] === "checkpoints") body.host.dropCheckpoints(match[2] as string);
      body.ledger.unmake(thing);
    }
  }
}
