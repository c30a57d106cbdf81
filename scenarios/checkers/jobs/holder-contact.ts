import type { RecordOf } from "../checker.ts";

interface Contact {
  heartbeats: number;
  /** By the broker's clock; never, since the broker's last start, which may have set that clock. */
  lastHeartbeatAt: number;
  /** The broker calls it lost, or nobody can tell whether it does. */
  mayBeLost: boolean;
  /** The instance that the broker heeds, and the one that came up last; null where nobody can tell. */
  heeded: string | null;
  latest: string | null;
}

/** What the broker heard of each agent, as far as its own records tell. Of a revoked one nothing is kept. */
export class HolderContact {
  readonly #contacts = new Map<string, Contact>();

  heartbeatsOf(agentId: string): number {
    return this.#contacts.get(agentId)?.heartbeats ?? 0;
  }

  lastHeartbeatAt(agentId: string): number {
    return this.#contacts.get(agentId)?.lastHeartbeatAt ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether the broker surely heeds the latest instance, and does not call it lost. */
  isHeeded(agentId: string): boolean {
    const contact = this.#contacts.get(agentId);
    if (contact === undefined || contact.mayBeLost || contact.heeded === null) return false;
    // An old message that comes late makes the broker heed an instance that is over.
    return contact.heeded === contact.latest;
  }

  started({ source, data: { agentId } }: RecordOf<"agent.started">): void {
    if (agentId !== null && agentId !== undefined) this.#of(agentId).latest = source;
  }

  heard({ at, data: { agentId, heardAt } }: RecordOf<"broker.heartbeat">): void {
    const contact = this.#of(agentId);
    contact.heartbeats += 1;
    // A store that stands still lets it be told much later.
    contact.lastHeartbeatAt = heardAt ?? at;
    contact.mayBeLost = false;
  }

  enrolled({ data: { agentId, instanceId } }: RecordOf<"broker.enrolled">): void {
    const contact = this.#of(agentId);
    contact.mayBeLost = false;
    contact.heeded = instanceId;
  }

  stands({ data: { agentId, standing } }: RecordOf<"broker.agent">): void {
    if (standing === "revoked") this.#contacts.delete(agentId);
    else if (standing !== "shutdown") this.#of(agentId).mayBeLost = standing === "lost";
  }

  restart(): void {
    for (const contact of this.#contacts.values()) contact.lastHeartbeatAt = Number.NEGATIVE_INFINITY;
  }

  /** What a store took back, or nobody was told, may be that an agent is lost, or another instance heeded. */
  forget({ data: { fault, subjects } }: RecordOf<"fault.applied">): void {
    const agentIds = fault === "lose-store" ? this.#contacts.keys() : fault === "lose-history" ? subjects : [];
    for (const agentId of agentIds) {
      const contact = this.#contacts.get(agentId);
      if (contact === undefined) continue;
      contact.mayBeLost = true;
      contact.heeded = null;
    }
  }

  #of(agentId: string): Contact {
    let contact = this.#contacts.get(agentId);
    if (contact === undefined) {
      const lastHeartbeatAt = Number.NEGATIVE_INFINITY;
      contact = { heartbeats: 0, lastHeartbeatAt, mayBeLost: false, heeded: null, latest: null };
      this.#contacts.set(agentId, contact);
    }
    return contact;
  }
}
