import type { HeartbeatRequest } from "../../../protocol/messages.ts";
import type { BrokerService } from "../broker-service.ts";

/**
 * A broker on its way out of service: it lets its agents go and makes no new offers, and goes on taking what jobs come to.
 * The core is told that every agent is full, which is all that keeps it from offering; so what it decides is what it would
 * decide of a busy fleet. Offers made before may still be accepted. Lasts until the process ends.
 */
export class Drain {
  #reason: string | null = null;

  /** Null while the broker is in service. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Says goodbye to every agent that has a stream. A repeat says it again. */
  begin(service: BrokerService, reason: string): void {
    this.#reason = reason;
    for (const agentId of service.hub.connected()) this.greet(service, agentId);
  }

  /** Says goodbye to an agent that has just opened its stream. */
  greet(service: BrokerService, agentId: string): void {
    if (this.#reason !== null) service.hub.push(agentId, { event: "goodbye", data: { reason: this.#reason } });
  }

  /** What a heartbeat is taken for. */
  heard(message: HeartbeatRequest): HeartbeatRequest {
    return this.#reason === null ? message : { ...message, slotsFree: 0 };
  }
}
