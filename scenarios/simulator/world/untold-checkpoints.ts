import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { AgentCore } from "../../../agent/core/state.ts";
import { assert } from "../../../foundation/assert.ts";

/**
 * Looks from outside whether an agent whose broker did not hear whose a checkpoint is brings that anew and tells it
 * again, with the next heartbeat that is answered at the latest: what is nobody's the broker does not keep for long (I8).
 */
export class UntoldCheckpoints {
  /** By lease, the freeze in which it was taken. */
  readonly #untold = new Map<string, number>();

  /** What came of the word. */
  told({ leaseId, generation }: { leaseId: string; generation: number }, outcome: BrokerOutcome<unknown>): void {
    const isLost = !outcome.ok && (outcome.retriable || outcome.code === "unknown-checkpoint");
    if (isLost) this.#untold.set(leaseId, generation);
  }

  /** The agent brings a checkpoint of that lease. */
  brings(leaseId: string): void {
    this.#untold.delete(leaseId);
  }

  /** The agent has heard the answer to a heartbeat. Whoever is on its way out tells of all at once. */
  heard({ leases, withdrawal, shutdown }: AgentCore): void {
    if (withdrawal !== null || shutdown !== null) return;
    for (const [leaseId, generation] of this.#untold) {
      const lease = leases[leaseId];
      // A newer one took its place, or the end of the lease tells of it.
      if (lease?.checkpoint?.generation !== generation || lease.stage !== "running") this.#untold.delete(leaseId);
      else assert(!lease.claimed, "the broker hears whose a checkpoint is that it was brought (I8)");
    }
  }
}
