import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import type { BrokerService } from "../broker-service.ts";
import type { Spawner } from "../executions/spawner.ts";
import type { Stopping } from "./stopping.ts";

/** Who is expected to leave, and who has: seen from what the broker records. */
export class Departures {
  readonly #awaited = new Set<string>();
  #done: () => void = () => undefined;

  /** Sees agents leave on the way of their records into the history. */
  seeing(record: RecordEvent): RecordEvent {
    return (type, data) => {
      record(type, data);
      if (type !== "broker.agent") return;
      const { agentId, standing } = data as { agentId: string; standing: string };
      if (standing === "shutdown" || standing === "revoked") this.#left(agentId);
    };
  }

  /** Resolves when all of them have left. */
  async of(agentIds: readonly string[]): Promise<void> {
    for (const agentId of agentIds) this.#awaited.add(agentId);
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      if (this.#awaited.size === 0) resolve();
    });
  }

  #left(agentId: string): void {
    if (this.#awaited.delete(agentId) && this.#awaited.size === 0) this.#done();
  }
}

export interface Goodbye {
  readonly reason: string;
  /** The most that is waited for the agents' own shutdowns, in milliseconds. */
  readonly withinMs: number;
  /** Resolves when nobody wants to wait any longer. */
  readonly hurried: Promise<unknown>;
}

export interface Leaving {
  readonly service: BrokerService;
  readonly departures: Departures;
  /** Those that the broker started itself: how they end is told while somebody listens. */
  readonly spawned: Pick<Spawner, "askToLeave" | "idle">;
  readonly stopping: Stopping;
}

/**
 * Tells every agent that has a stream that the broker goes, and waits for them to hand their leases back: an agent that
 * hears `goodbye` shuts down (EG-1). Those that have no stream find nobody, and go on trying; but for those that the broker
 * started itself, which are told by a signal as well: they may not have joined yet, and cannot any more.
 */
export async function sayGoodbye(
  { service, departures, spawned, stopping }: Leaving,
  { reason, withinMs, hurried }: Goodbye,
): Promise<void> {
  const agentIds = service.hub.connected();
  const left = departures.of(agentIds);
  // Before the goodbye: whoever hears a signal after it would take that for a wish to hurry.
  spawned.askToLeave();
  stopping.begin(service, reason);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs);
  });
  await Promise.race([Promise.all([left, spawned.idle()]), late, hurried]);
  clearTimeout(timer);
}
