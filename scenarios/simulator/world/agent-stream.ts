import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import { EventOrder } from "../../../agent/io/event-order.ts";
import { assert } from "../../../foundation/assert.ts";
import { reconnectWait } from "../../../agent/core/reconnect-wait.ts";
import type { EventStream } from "../../../broker-sim/io/event-hub.ts";
import { BrokerEvent } from "../../../protocol/messages.ts";
import type { ChoiceStream } from "../kernel/choices.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import { Form } from "./form.ts";
import type { Link } from "./link.ts";
import { durationMs, type World } from "./world.ts";

const brokerEvent = new Form("the event", BrokerEvent);

const arrives = 1;
const broke = 2;
const retries = 3;
const silent = 4;

/** How long one may wait before it connects again, in milliseconds. */
const reconnectMs = { least: 100, firstMost: 1_000, most: 60_000 } as const;

/** What a stream needs of the process that it belongs to. */
export interface StreamOwner {
  readonly alive: boolean;
  connectEvents(connection: Connection): void;
  tookEvent(event: BrokerEvent): void;
  /** The broker's side hears that the connection is gone. */
  streamClosed(connection: Connection): void;
}

/** One connection of a stream, as the broker holds it. */
export class Connection implements EventStream {
  readonly stream: AgentStream;
  readonly lastEventId: string | null;
  /** The broker knows that its other end is gone. */
  isClosed = false;

  constructor(stream: AgentStream, lastEventId: string | null) {
    this.stream = stream;
    this.lastEventId = lastEventId;
  }

  send(message: Sent): boolean {
    return this.stream.send(this, message);
  }

  /** The broker closes it, or its process died. */
  close(): void {
    this.stream.closedByBroker(this);
  }
}

type Sent = Parameters<EventStream["send"]>[0];
type Phase = "idle" | "connecting" | "open" | "waiting" | "closed";

/**
 * The agent's event stream: connects, hears events in order, notices a dead connection by its silence, and reconnects
 * with growing waits, naming the last event that it saw.
 */
export class AgentStream implements EventTarget {
  readonly #world: World;
  readonly #owner: StreamOwner;
  readonly #link: Link;
  readonly #choices: ChoiceStream;
  #phase: Phase = "idle";
  #attempts = 0;
  /** What an earlier one still brings counts no more. */
  #connection: Connection | null = null;
  /** Something of this connection was lost on the way, so that nothing after it can arrive (TCP). */
  #torn = false;
  /** The broker closed it, and the agent has not heard of that yet. */
  #closing = false;
  /** Events of one connection arrive in the order in which they were sent. */
  #lastArrivalMs = 0;
  /** The agent's own: what came out of order is heard as it hears it. */
  readonly #order = new EventOrder();

  constructor(world: World, owner: StreamOwner, { link, choices }: { link: Link; choices: ChoiceStream }) {
    this.#world = world;
    this.#owner = owner;
    this.#link = link;
    this.#choices = choices;
  }

  /** Whether what is sent now arrives. */
  get isOpen(): boolean {
    return this.#phase === "open" && !this.#torn && !this.#closing;
  }

  /** Connects, unless it is connected or about to be. */
  open(): void {
    if (this.#phase === "idle") this.#connect();
  }

  /** The broker was heard: connects now if it waits for its next attempt. */
  nudge(): void {
    if (this.#phase === "waiting") this.#connect();
  }

  /** The agent closes it. */
  shut(): void {
    this.#phase = "closed";
    if (this.#connection !== null) this.#owner.streamClosed(this.#connection);
  }

  /** A connection that has broken meanwhile is answered for nothing: another one is being opened. */
  answered(connection: Connection, outcome: BrokerOutcome<unknown>): void {
    if (this.#phase !== "connecting" || connection !== this.#connection) return;
    if (!outcome.ok) {
      this.#retry();
      return;
    }
    this.#phase = "open";
    this.#attempts = 0;
  }

  /** The broker sends an event. A write into a connection that is dead and does not know it yet succeeds. */
  send(connection: Connection, event: Sent): boolean {
    const { events } = this.#link;
    if (!events.isInForce) return this.#deliver(connection, event, null);
    return events.pass((laterMs) => this.#deliver(connection, event, laterMs));
  }

  #deliver(connection: Connection, { id, event, data }: Sent, laterMs: number | null): boolean {
    const { heap, nowMs, options } = this.#world;
    if (connection !== this.#connection || this.#phase === "closed" || !this.#owner.alive) return false;
    if (this.#torn) return true;
    const { fate, delayMs } = this.#link.pass("to-agent");
    if (fate !== "arrives") {
      this.#torn = true;
      // A reset is seen at once; of a cut nobody hears until the silence is too long (docs/cases.md, case 71).
      const inMs = fate === "reset" ? delayMs : 2 * options.timing.eventHeartbeatMs;
      heap.push(nowMs + inMs, this, fate === "reset" ? broke : silent, connection);
      return true;
    }
    const message = this.#world.isStrict ? brokerEvent.crossed({ event, data }) : ({ event, data } as BrokerEvent);
    const arrivesAtMs = Math.max(this.#lastArrivalMs, nowMs + delayMs);
    if (laterMs === null) this.#lastArrivalMs = arrivesAtMs;
    heap.push(arrivesAtMs + (laterMs ?? 0), this, arrives, { message, id: id ?? "", connection });
    return true;
  }

  closedByBroker(connection: Connection): void {
    this.#closing ||= connection === this.#connection;
    const { heap, nowMs, options } = this.#world;
    const { fate, delayMs } = this.#link.pass("to-agent");
    if (fate === "lost") heap.push(nowMs + 2 * options.timing.eventHeartbeatMs, this, silent, connection);
    else heap.push(nowMs + delayMs, this, broke, connection);
  }

  happen(what: number, detail: unknown): void {
    if (this.#phase === "closed" || !this.#owner.alive) return;
    if (what === retries) {
      if (this.#phase === "waiting" && detail === this.#attempts) this.#connect();
    } else if (what === arrives) {
      const { message, id, connection } = detail as { message: BrokerEvent; id: string; connection: Connection };
      if (connection !== this.#connection) return;
      if (this.#order.take(id, message.event)) this.#owner.tookEvent(message);
    } else if (detail === this.#connection && (this.#phase === "open" || this.#phase === "connecting")) {
      this.#owner.streamClosed(detail as Connection);
      this.#retry();
    }
  }

  #connect(): void {
    this.#phase = "connecting";
    this.#connection = new Connection(this, this.#order.latestId || null);
    this.#torn = false;
    this.#closing = false;
    this.#owner.connectEvents(this.#connection);
  }

  #retry(): void {
    this.#phase = "waiting";
    const { minMs, maxMs } = reconnectWait(this.#attempts);
    // A broker that comes back is not run over, and not left alone for long either.
    assert(minMs >= reconnectMs.least && minMs < maxMs, "whoever reconnects waits first, and each for another time");
    assert(maxMs <= (this.#attempts === 0 ? reconnectMs.firstMost : reconnectMs.most), "nobody waits for too long");
    const delayMs = durationMs(this.#choices, "reconnect", { minMs, maxMs });
    this.#attempts += 1;
    this.#world.heap.push(this.#world.nowMs + delayMs, this, retries, this.#attempts);
  }
}
