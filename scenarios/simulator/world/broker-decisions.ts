import type { Effect, LaterEffect } from "../../../broker-sim/core/effects.ts";
import { brokerLimits } from "../../../broker-sim/core/broker-limits.ts";
import { refuse } from "../../../broker-sim/core/inputs.ts";
import { sometimes } from "../../../foundation/sometimes.ts";
import type { BrokerProcess } from "./broker-process.ts";
import { CommitLine, type Reply } from "./commit-line.ts";
import type { Fuse } from "./fuse.ts";
import { noteLostHistory } from "./lost-history.ts";
import type { Network } from "./network.ts";
import type { Store } from "./store.ts";
import type { World } from "./world.ts";

const nothing: readonly never[] = [];

/** What is said while nothing can be written. */
export const storeAway = refuse("store-away", "The store is away.");

export interface BrokerDecisionsOptions {
  readonly network: Network;
  readonly store: Store;
  /** Asked at every effect: the process may die before or after each. */
  readonly fuse: Fuse;
  /** `finishCommitted` is to be called then. */
  readonly onWait: (untilMs: number) => void;
  /** `answerLate` is to be called then. */
  readonly onPatience: (untilMs: number) => void;
}

/** Carries out what the broker decided: writes first, and only when that is in the store tells of it and answers. */
export class BrokerDecisions {
  readonly #world: World;
  readonly #network: Network;
  readonly #fuse: Fuse;
  readonly #onWait: BrokerDecisionsOptions["onWait"];
  readonly #onPatience: BrokerDecisionsOptions["onPatience"];
  readonly #line: CommitLine;
  /** What is being carried out, so that a death over it can say what nobody will be told. */
  #deciding: readonly Effect[] = nothing;
  readonly #telling: { effects: readonly Effect[]; next: number } = { effects: nothing, next: 0 };

  constructor(world: World, { network, store, fuse, onWait, onPatience }: BrokerDecisionsOptions) {
    this.#world = world;
    this.#network = network;
    this.#fuse = fuse;
    this.#onWait = onWait;
    this.#onPatience = onPatience;
    this.#line = new CommitLine(world, { store, stream: world.tape.stream("broker") });
  }

  carryOut(process: BrokerProcess, effects: readonly Effect[], reply: Reply | null): void {
    this.#deciding = effects;
    for (const effect of effects) {
      if (this.#fuse.burns("before")) return this.#diedOver(reply);
      if (effect.kind === "persist") this.#line.write(effect.batch);
      else if (effect.kind === "alarm") process.setAlarm(effect.atMs);
      if (this.#fuse.burns("after")) return this.#diedOver(reply);
    }
    this.#deciding = nothing;
    // In the order of the decisions, even when an earlier one is committed at this very moment.
    const { idleAtMs } = this.#line;
    if (idleAtMs <= this.#world.nowMs && !this.#line.isWaiting) this.#finish(process, effects, reply);
    else {
      const atMs = this.#line.wait(effects, reply);
      if (reply !== null && idleAtMs > reply.call.deadlineMs) this.#network.watch(reply.call);
      this.#onWait(atMs);
      const patienceMs = this.#world.nowMs + brokerLimits.storeWaitMsMax;
      if (reply !== null && atMs > patienceMs) this.#onPatience(patienceMs);
    }
  }

  /** Whether something that was decided is not told yet. */
  get isWaiting(): boolean {
    return this.#line.isWaiting;
  }

  /** Whatever is in the store by now is there to be read. */
  flush(): void {
    this.#line.flush();
  }

  finishCommitted(process: BrokerProcess): void {
    for (let next = this.#line.takeCommitted(); next !== undefined; next = this.#line.takeCommitted()) {
      this.#finish(process, next.effects, next.reply);
    }
  }

  /** The process stands still: whoever waits for an answer hears at its deadline that none came. */
  watchWaiting(): void {
    for (const { reply } of this.#line.untold) if (reply !== null) this.#network.watch(reply.call);
  }

  /**
   * Whoever has waited for as long as anybody does hears that the store is away. What was decided stands, and is told to
   * everybody else as soon as it is written.
   */
  answerLate(process: BrokerProcess): void {
    const latest = this.#world.nowMs - brokerLimits.storeWaitMsMax;
    const late = [...this.#line.untold].filter(({ reply, sinceMs }) => reply !== null && sinceMs <= latest);
    for (const untold of late) {
      const reply = untold.reply as Reply;
      untold.reply = null;
      sometimes("an answer did not wait for the store any longer");
      process.noteRefusal(reply.call, storeAway.code);
      this.#network.answer(reply.call, storeAway, reply.link);
      reply.over?.(false);
    }
  }

  stallStore(forMs: number): void {
    this.#line.stall(forMs);
  }

  get stalledWrites(): number {
    return this.#line.stalledWrites;
  }

  wakeStore(): void {
    if (this.#line.wake()) this.#onWait(this.#world.nowMs);
  }

  /** The process is dead: what was not told by now never will be, and whoever waits for an answer is cut off. */
  breakOff(): void {
    const untold = this.#line.breakOff();
    const { effects, next } = this.#telling;
    noteLostHistory(this.#world, [...effects.slice(next), ...this.#deciding, ...untold.flatMap((one) => one.effects)]);
    this.#deciding = nothing;
    this.#telling.effects = nothing;
    this.#telling.next = 0;
    for (const { reply } of untold) this.#diedOver(reply);
  }

  #finish(process: BrokerProcess, effects: readonly Effect[], reply: Reply | null): void {
    const telling = this.#telling;
    for (let next = 0; next < effects.length; next += 1) {
      const effect = effects[next] as Effect;
      if (!isLater(effect)) continue;
      telling.effects = effects;
      telling.next = next;
      if (this.#fuse.burns("before")) return this.#diedOver(reply);
      process.perform(effect);
      telling.next += 1;
      if (this.#fuse.burns("after")) return this.#diedOver(reply);
    }
    if (reply === null) return;
    const { call, response, link } = reply;
    if (!response.ok) process.noteRefusal(call, response.code);
    this.#network.answer(call, response, link);
    reply.over?.(response.ok);
  }

  #diedOver(reply: Reply | null): void {
    if (reply === null) return;
    this.#network.refuse(reply.call, reply.link);
    reply.over?.(false);
  }
}

function isLater(effect: Effect): effect is LaterEffect {
  return effect.kind !== "persist" && effect.kind !== "alarm";
}
