import type { AgentEffect } from "../../../agent/core/effect.ts";
import type { AgentProcess } from "./agent-process.ts";
import { durationMs } from "./world.ts";

/** How soon a written file is noticed, in milliseconds. */
const noticed = { minMs: 0, maxMs: 15 } as const;

/** The jobs that one process of an agent asked to put their files in order, and waits for. */
export class Cooperations {
  readonly #body: AgentProcess;
  /** Before which freeze, by lease. */
  readonly #waits = new Map<string, number>();

  constructor(body: AgentProcess) {
    this.#body = body;
  }

  ask({ leaseId, generation }: Extract<AgentEffect, { kind: "askCooperation" }>): void {
    const { host } = this.#body;
    const sandbox = host.sandboxes.get(leaseId);
    if (sandbox?.askCooperation() === true) this.#waits.set(leaseId, generation);
    else this.#body.later(0, { type: "cooperated", leaseId, generation, answer: "unheard" });
  }

  end(): void {
    this.#waits.clear();
  }

  /** The file is there; whoever waits for it notices. */
  written(leaseId: string): void {
    const generation = this.#waits.get(leaseId);
    if (generation === undefined) return;
    this.#waits.delete(leaseId);
    const tookMs = durationMs(this.#body.host.stream, "noticed", noticed);
    this.#body.later(tookMs, { type: "cooperated", leaseId, generation, answer: "ready" });
  }
}
