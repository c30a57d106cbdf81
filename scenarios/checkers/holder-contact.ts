import type { RecordOf } from "./checker.ts";

interface Contact {
  heartbeats: number;
  /** By the broker's clock; never, since the broker's last start, which may have set that clock. */
  lastHeartbeatAt: number;
  /** The broker calls it lost, or nobody can tell whether it does. */
  mayBeLost: boolean;
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

  mayBeLost(agentId: string): boolean {
    return this.#contacts.get(agentId)?.mayBeLost ?? true;
  }

  heard({ at, data: { agentId } }: RecordOf<"broker.heartbeat">): void {
    const contact = this.#of(agentId);
    contact.heartbeats += 1;
    contact.lastHeartbeatAt = at;
    contact.mayBeLost = false;
  }

  enrolled({ data: { agentId } }: RecordOf<"broker.enrolled">): void {
    this.#of(agentId).mayBeLost = false;
  }

  stands({ data: { agentId, standing } }: RecordOf<"broker.agent">): void {
    if (standing === "revoked") this.#contacts.delete(agentId);
    else if (standing !== "shutdown") this.#of(agentId).mayBeLost = standing === "lost";
  }

  restart(): void {
    for (const contact of this.#contacts.values()) contact.lastHeartbeatAt = Number.NEGATIVE_INFINITY;
  }

  /** What a store took back, or nobody was told, may be that an agent is lost. */
  forget({ data: { fault, subjects } }: RecordOf<"fault.applied">): void {
    if (fault === "lose-store") for (const contact of this.#contacts.values()) contact.mayBeLost = true;
    if (fault !== "lose-history") return;
    for (const subject of subjects) {
      const contact = this.#contacts.get(subject);
      if (contact !== undefined) contact.mayBeLost = true;
    }
  }

  #of(agentId: string): Contact {
    let contact = this.#contacts.get(agentId);
    if (contact === undefined) {
      contact = { heartbeats: 0, lastHeartbeatAt: Number.NEGATIVE_INFINITY, mayBeLost: false };
      this.#contacts.set(agentId, contact);
    }
    return contact;
  }
}
