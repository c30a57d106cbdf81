import type { BrokerOutcome } from "../../../agent/core/outcome.ts";
import type { BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import type { EventTarget } from "../kernel/event-heap.ts";
import { type BrokerCall, arrivingAnswer, arrivingRequest, outcomeOf, type Route, unreachable } from "./broker-call.ts";
import type { Link } from "./link.ts";
import type { World } from "./world.ts";

const arrives = 1;
const answers = 2;
const expires = 3;

/** Whoever takes the requests. `null` when nobody listens there. */
export interface RequestTaker {
  readonly isUp: boolean;
  take(call: BrokerCall, message: unknown, link: Link): void;
}

/** Carries calls to the broker and answers back, as the links let it. */
export class Network implements EventTarget {
  readonly #world: World;
  broker: RequestTaker | null = null;
  /** How many calls were made: the heartbeats, and all others. */
  heartbeats = 0;
  otherCalls = 0;
  /** What the last of the others was about. */
  lastOtherCall: Route | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  send(call: BrokerCall, link: Link): void {
    const { heap, nowMs } = this.#world;
    if (call.route === "heartbeat") this.heartbeats += 1;
    else {
      this.otherCalls += 1;
      this.lastOtherCall = call.route;
    }
    const { fate, delayMs, againAfterMs } = link.pass("to-broker");
    const arrivesAtMs = nowMs + delayMs;
    if (fate === "lost" || arrivesAtMs > call.deadlineMs) this.watch(call);
    if (fate === "lost") return;
    if (fate === "reset") {
      heap.push(arrivesAtMs, this, answers, { call, outcome: unreachable });
      return;
    }
    const message = arrivingRequest(call.route, call.message, { asBytes: this.#world.isStrict });
    heap.push(arrivesAtMs, this, arrives, { call, message, link });
    // What arrives twice is answered twice, and the caller hears the first answer only: as if its agent had said it
    // again. A stream is asked for once by each connection, and a copy of that has a signature that was used before
    // (docs/cases.md, case 67): no copy is ever handed a connection, or what is to be heard on it.
    if (againAfterMs !== null && call.route !== "events")
      heap.push(arrivesAtMs + againAfterMs, this, arrives, { call, message, link });
  }

  answer(call: BrokerCall, response: BrokerResponse, link: Link): void {
    const said = arrivingAnswer(call.route, response, { asBytes: this.#world.isStrict });
    this.#bringBack(call, outcomeOf(said), link);
  }

  /** The broker's process ended, or there is none: the connection is refused or reset. */
  refuse(call: BrokerCall, link: Link): void {
    this.#bringBack(call, unreachable, link);
  }

  #bringBack(call: BrokerCall, outcome: BrokerOutcome<unknown>, link: Link): void {
    const { fate, delayMs } = link.pass("to-agent");
    const arrivesAtMs = this.#world.nowMs + delayMs;
    if (fate === "lost" || arrivesAtMs > call.deadlineMs) this.watch(call);
    if (fate === "lost") return;
    const heard = fate === "reset" ? unreachable : outcome;
    this.#world.heap.push(arrivesAtMs, this, answers, { call, outcome: heard });
  }

  /** Makes sure that the caller hears at its deadline that no answer came. */
  watch(call: BrokerCall): void {
    if (call.watched) return;
    call.watched = true;
    this.#world.heap.push(Math.max(this.#world.nowMs, call.deadlineMs), this, expires, call);
  }

  happen(what: number, detail: unknown): void {
    if (what === arrives) {
      const { call, message, link } = detail as { call: BrokerCall; message: unknown; link: Link };
      if (this.broker?.isUp === true) this.broker.take(call, message, link);
      else this.refuse(call, link);
    } else if (what === answers) {
      const { call, outcome } = detail as { call: BrokerCall; outcome: BrokerOutcome<unknown> };
      settle(call, outcome);
    } else settle(detail as BrokerCall, unreachable);
  }
}

function settle(call: BrokerCall, outcome: BrokerOutcome<unknown>): void {
  if (call.settled || !call.from.alive) return;
  call.settled = true;
  call.from.answered(call, outcome);
}
