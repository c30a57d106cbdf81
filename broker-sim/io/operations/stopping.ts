import type { HeartbeatRequest } from "../../../protocol/messages.ts";
import type { BrokerService } from "../broker-service.ts";
import { ProblemError } from "../problems.ts";
import { routeDescriptions } from "./route-descriptions.ts";

/**
 * A broker whose process is about to end takes nothing new at all, and makes no new offers, and goes on taking what jobs
 * come to. The core is told that every agent is full, which keeps it from offering: its state ends with the process, and
 * so does whatever it would be told of that. One that is out of service and goes on is drained (`core/drain.ts`).
 */
export class Stopping {
  #goodbye: string | null = null;
  #hasBegun = false;

  /** @param goodbye said to every agent that has a stream, or is about to have one; null says nothing */
  begin(service: BrokerService, goodbye: string | null): void {
    this.#hasBegun = true;
    if (goodbye === null) return;
    this.#goodbye = goodbye;
    for (const agentId of service.hub.connected()) this.greet(service, agentId);
  }

  /** Says goodbye to an agent that has just opened its stream. */
  greet(service: BrokerService, agentId: string): void {
    if (this.#goodbye !== null) service.hub.push(agentId, { event: "goodbye", data: { reason: this.#goodbye } });
  }

  /** What a heartbeat is taken for. */
  heard(message: HeartbeatRequest): HeartbeatRequest {
    return this.#hasBegun ? { ...message, slotsFree: 0 } : message;
  }

  /** @throws ProblemError `out-of-service`, for what would begin something */
  assertTakes(route: string): void {
    if (this.#hasBegun && routeDescriptions[route]?.begins === true) throw stopping();
  }

  /**
   * Whoever is known may come back all the same, to hand back what it has or to withdraw, which only an instance can that
   * has enrolled.
   *
   * @throws ProblemError `out-of-service`, for a stranger, who would be sent away as soon as it is in
   */
  assertLetsIn({ state }: BrokerService, agentId: string): void {
    if (this.#hasBegun && !state.agents.has(agentId)) throw stopping();
  }
}

function stopping(): ProblemError {
  return new ProblemError("out-of-service", "The broker is stopping, and takes nothing new.");
}
