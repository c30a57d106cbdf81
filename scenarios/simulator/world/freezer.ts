import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentState } from "../../../protocol/agent-states.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Sandbox } from "./sandbox.ts";
import { SilenceWatch } from "./silence-watch.ts";
import { durationMs } from "./world.ts";

/** What it takes to stop everything on a host, in milliseconds: the least (benign) and the most. */
const freezeTakes = { minMs: 1, maxMs: 5 } as const;

/** Stops the sandboxes of one process and lets them go on, and sees from outside how soon and whether they really stand. */
export class Freezer {
  readonly #body: AgentProcess;
  readonly #silence: SilenceWatch;
  #wantedAtMs: number | null = null;

  constructor(body: AgentProcess) {
    this.#body = body;
    this.#silence = new SilenceWatch(body.host);
  }

  /** From now on everything ought to stand still at once; how long it takes is told when it does. */
  expectFreeze(): void {
    this.#wantedAtMs ??= this.#body.world.nowMs;
  }

  /** The agent is in another state now: a pause is watched from the moment when it is in force (I5). */
  moved(to: AgentState): void {
    if (to === "Paused") this.#silence.begin();
    else this.#silence.end();
  }

  /** A sandbox is about to be ended. */
  releases(sandbox: Sandbox): void {
    this.#silence.releases(sandbox);
  }

  endWatch(): void {
    this.#silence.end();
  }

  freeze({ generation, triggeredAtMs }: Extract<AgentEffect, { kind: "freezeAll" }>): void {
    const { host, world, source, instanceId } = this.#body;
    const tookMs = durationMs(host.stream, "freeze", freezeTakes);
    let processes = 0;
    for (const sandbox of host.sandboxesOf(instanceId)) {
      sandbox.stop();
      processes += sandbox.processes;
    }
    this.#tellOfFreeze(tookMs, processes);
    const freezeMs = Math.max(0, world.wallMs(source.clockOffsetMs) - triggeredAtMs) + tookMs;
    this.#body.see({ type: "frozen", generation, freezeMs, processes, running: [] });
  }

  thaw({ trigger, triggeredAtMs, requestId }: Extract<AgentEffect, { kind: "thawAll" }>): void {
    const { host, world, source, instanceId } = this.#body;
    this.#silence.end();
    for (const sandbox of host.sandboxesOf(instanceId)) sandbox.goOn();
    const thawMs = Math.max(0, world.wallMs(source.clockOffsetMs) - triggeredAtMs);
    this.#body.see({ type: "thawed", trigger, thawMs, requestId });
  }

  #tellOfFreeze(tookMs: number, processes: number): void {
    if (this.#wantedAtMs === null) return;
    const { host, world } = this.#body;
    const latencyMs = world.nowMs - this.#wantedAtMs + tookMs;
    this.#wantedAtMs = null;
    const { agentId } = host;
    world.record(world.harness, "witness.freeze", {
      ...{ agentId, latencyMs, source: "cgroup", processes },
      agentFreezeMs: null,
    });
  }
}
