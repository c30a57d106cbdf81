import type { AgentProcess } from "./agent-process.ts";

/** What the agent's process may take to end after its withdrawal has, in milliseconds; see checkers/leaving/withdrawal-bound. */
const exitMsMax = 1_000;

/** Sees from outside how long a withdrawal takes (L1). Time in which the process stood still does not count. */
export class WithdrawalWatch {
  readonly #body: AgentProcess;
  readonly #begunAtMs: number;
  /** How long the process had stood still when it began. */
  readonly #stalledMs: number;
  #deadlineMs: number;
  #told = false;

  constructor(body: AgentProcess, deadlineMs: number) {
    this.#body = body;
    this.#begunAtMs = body.world.nowMs;
    this.#stalledMs = body.stalledMs;
    this.#deadlineMs = deadlineMs;
  }

  /** Whoever asks again for a withdrawal that was resumed may give it more time. */
  extend(forMs: number): void {
    this.#deadlineMs = Math.max(this.#deadlineMs, this.#body.world.nowMs - this.#begunAtMs + forMs);
  }

  /** When the process ought to be gone, as far as is known by now. */
  get overdueAtMs(): number {
    const stalledMs = this.#body.stalledMs - this.#stalledMs;
    return this.#begunAtMs + stalledMs + this.#deadlineMs + exitMsMax + 1;
  }

  /** Tells how long it took, or has taken until now; once. */
  tell(): void {
    if (this.#told) return;
    this.#told = true;
    const { world, host, stalledMs } = this.#body;
    const tookMs = world.nowMs - this.#begunAtMs - (stalledMs - this.#stalledMs);
    const { agentId } = host;
    world.record(world.harness, "witness.withdrawn", { agentId, tookMs, deadlineMs: this.#deadlineMs });
  }
}
