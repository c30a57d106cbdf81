import { limits } from "../../foundation/limits.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";

/** One agent's open event stream. */
export interface EventStream {
  /** Returns false when the stream is dead and was closed. */
  send(message: { readonly id?: string; readonly event: string; readonly data: unknown }): boolean;
  close(): void;
}

interface AgentEvents {
  stream: EventStream | undefined;
  /** One that is being admitted. */
  arriving?: EventStream | undefined;
  nextNumber: number;
  /** The events that a reconnecting stream may have missed, oldest first. */
  kept: { readonly number: number; readonly event: BrokerEvent }[];
  /** The last event that was handed to a stream. */
  deliveredThrough: number;
}

/**
 * Hands events to the agents' streams, and keeps them for those that reconnect (docs/cases.md, case 70). An event's id is
 * `BOOT-NUMBER`, so that an id of an earlier start of the broker is never taken for one of this.
 */
export class EventHub {
  readonly #boot: string;
  readonly #agents = new Map<string, AgentEvents>();
  readonly #onSent: (event: BrokerEvent["event"]) => void;
  #closed = false;

  /** @param onSent hears of every event that a stream was handed */
  constructor(boot: string, onSent: (event: BrokerEvent["event"]) => void = () => undefined) {
    this.#boot = boot;
    this.#onSent = onSent;
  }

  /** Sends an event now or, but for the hint `work_available`, as soon as the agent has a stream. */
  push(agentId: string, event: BrokerEvent): void {
    const agent = this.#of(agentId);
    if (event.event === "work_available") {
      const sent = (agent.arriving ?? agent.stream)?.send({ event: event.event, data: event.data });
      if (sent === true) this.#onSent(event.event);
      return;
    }
    agent.kept.push({ number: agent.nextNumber, event });
    agent.nextNumber += 1;
    if (agent.kept.length > limits.eventReplayMax) agent.kept.shift();
    // Whose stream is about to be replaced hears nothing on the one before, which may be dead.
    if (agent.arriving === undefined) this.#deliver(agent, agent.deliveredThrough);
  }

  /**
   * A stream has come and is not admitted yet: the one before stays until then, but hears nothing; what is said waits for
   * what follows, `connect` or `turnAway`. The hint that the core gives to whoever connects does not.
   */
  arrive(agentId: string, stream: EventStream): void {
    this.#of(agentId).arriving = stream;
  }

  /** It is not let in, and the one before stays. */
  turnAway(agentId: string, stream: EventStream): void {
    this.#settle(agentId, stream);
    stream.close();
    const agent = this.#agents.get(agentId);
    if (agent !== undefined && agent.arriving === undefined) this.#deliver(agent, agent.deliveredThrough);
  }

  /**
   * Opens an agent's stream in place of the one before and sends what that missed: everything after `lastEventId`, or
   * everything that no stream was handed when the agent names none.
   */
  connect(agentId: string, stream: EventStream, lastEventId: string | null): void {
    this.#settle(agentId, stream);
    if (this.#closed) {
      stream.close();
      return;
    }
    const agent = this.#of(agentId);
    const before = agent.stream;
    agent.stream = stream;
    before?.close();
    this.#deliver(agent, this.#seenThrough(agent, lastEventId));
  }

  /** The agents that have a stream. */
  connected(): string[] {
    return [...this.#agents].flatMap(([agentId, { stream }]) => (stream === undefined ? [] : [agentId]));
  }

  hasStream(agentId: string): boolean {
    return this.#agents.get(agentId)?.stream !== undefined;
  }

  /** Whether the agent has a stream, or one of it waits to be admitted, which says by itself what becomes of it. */
  hasOrAwaits(agentId: string): boolean {
    const agent = this.#agents.get(agentId);
    return agent?.stream !== undefined || agent?.arriving !== undefined;
  }

  /** Returns whether the stream was the agent's current one. */
  disconnected(agentId: string, stream: EventStream): boolean {
    const agent = this.#agents.get(agentId);
    if (agent?.stream !== stream) return false;
    agent.stream = undefined;
    return true;
  }

  /** What was meant for an earlier process start is void, but for a pause or resume that nobody has seen. */
  startInstance(agentId: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    const { stream, deliveredThrough } = agent;
    agent.kept = agent.kept.filter(
      ({ number, event }) => number > deliveredThrough && (event.event === "pause" || event.event === "resume"),
    );
    agent.stream = undefined;
    stream?.close();
  }

  /** Closes an agent's stream and forgets its events. */
  forget(agentId: string): void {
    const stream = this.#agents.get(agentId)?.stream;
    this.#agents.delete(agentId);
    stream?.close();
  }

  /** Closes every stream, and whatever comes later at once. */
  closeAll(): void {
    this.#closed = true;
    for (const agent of this.#agents.values()) {
      const { stream } = agent;
      agent.stream = undefined;
      stream?.close();
    }
  }

  #settle(agentId: string, stream: EventStream): void {
    const agent = this.#agents.get(agentId);
    if (agent?.arriving === stream) agent.arriving = undefined;
  }

  #deliver(agent: AgentEvents, afterNumber: number): void {
    for (const { number, event } of agent.kept) {
      if (number <= afterNumber) continue;
      if (agent.stream?.send({ id: `${this.#boot}-${number}`, event: event.event, data: event.data }) !== true) return;
      this.#onSent(event.event);
      agent.deliveredThrough = Math.max(agent.deliveredThrough, number);
    }
  }

  #seenThrough(agent: AgentEvents, lastEventId: string | null): number {
    if (lastEventId === null || lastEventId === "") return agent.deliveredThrough;
    const number = lastEventId.startsWith(`${this.#boot}-`) ? Number(lastEventId.slice(this.#boot.length + 1)) : 0;
    return Number.isSafeInteger(number) ? number : 0;
  }

  #of(agentId: string): AgentEvents {
    const known = this.#agents.get(agentId);
    if (known !== undefined) return known;
    const agent = { stream: undefined, nextNumber: 1, kept: [], deliveredThrough: 0 };
    this.#agents.set(agentId, agent);
    return agent;
  }
}
