import fc from "fast-check";
import { expect, test } from "vitest";

import { AssertionError } from "../../foundation/assert.ts";
import {
  answerTo,
  arbitraryInput,
  type Asked,
  fromOutside,
  inputTypes,
  isFromOutside,
} from "../testing/arbitrary-input.ts";
import { InvariantWatch } from "../testing/invariant-watch.ts";
import { unchanging } from "../testing/model-unchanging.ts";
import { apply } from "./agent.ts";
import type { AgentInput, TimerName } from "./input.ts";
import { type AgentCore, initialCore } from "./state.ts";

/**
 * Nothing is modelled here: neither a host nor a broker that makes sense. `agent.property.test.ts` does that, and judges
 * what comes of it in the end; here every single turn is judged. A failure prints its seed and path, by which
 * `fc.assert(…, { seed, path })` runs it again.
 */
const instanceId = "00000000-0000-4000-8000-000000000001";

/** What happens next: what was asked for is answered, early or late; somebody outside says something, once or again. */
const answered = {
  weight: 30,
  arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(20), say: fc.nat() }),
};
const said = {
  weight: 5,
  arbitrary: fc.record({ do: fc.constant("say" as const), input: fromOutside }),
};
const again = { weight: 2, arbitrary: fc.record({ do: fc.constant("again" as const), which: fc.nat(50) }) };
/** Or what nobody asked for is answered, or what was is answered again: a bug of whoever carries out the effects. */
const lied = { weight: 3, arbitrary: fc.record({ do: fc.constant("lie" as const), input: arbitraryInput }) };
const honest = fc.array(fc.oneof(answered, said, again), { maxLength: 250, size: "max" });
const lying = fc.array(fc.oneof(answered, said, again, lied), { maxLength: 250, size: "max" });
type Step = typeof lying extends fc.Arbitrary<(infer T)[]> ? T : never;

const begins = fc.record({ hasKey: fc.boolean(), mayEnrol: fc.boolean(), strays: fc.boolean() });
type Beginning = typeof begins extends fc.Arbitrary<infer T> ? T : never;

/** An agent's core, whoever answers it. */
class Driven {
  core: AgentCore = initialCore({ instanceId, slots: 2 });
  readonly seen: AgentInput[] = [];
  readonly #watch = new InvariantWatch();
  readonly #open: Asked[] = [];
  #nowMs = 1_000_000;

  constructor({ hasKey, mayEnrol, strays }: Beginning) {
    const recovered = {
      enrolmentSent: false,
      pause: null,
      leases: [],
      withdrawal: null,
      strays,
      activityIgnored: false,
    };
    this.see({ type: "started", agentId: null, hasKey, pid: 1, driver: "none", bootId: "boot", recovered, mayEnrol });
  }

  take(each: Step): void {
    this.#nowMs += 100;
    if (each.do === "say" || each.do === "lie") return this.see(each.input);
    if (each.do === "again") {
      const input = this.seen.filter(isFromOutside)[each.which];
      if (input !== undefined) this.see(input);
      return;
    }
    const [effect] = this.#open.splice(each.which % Math.max(1, this.#open.length), 1);
    const input = effect === undefined ? null : this.#answer(effect, each.say);
    if (input === null) return;
    if (input.type === "sandboxStarted") this.#open.push({ kind: "sandboxRuns", leaseId: input.leaseId });
    this.see(input);
  }

  see(input: AgentInput): void {
    if (this.#watch.ended) return;
    this.seen.push(input);
    const { state, effects } = apply(this.core, unchanging(input), this.#nowMs);
    this.core = state;
    this.#watch.look(input, effects, state);
    for (const effect of effects) {
      // Freezing and thawing are done in the call, and seen before anything else.
      if (effect.kind === "freezeAll" || effect.kind === "thawAll") this.see(this.#answer(effect, 0) as AgentInput);
      else if (effect.kind === "clearTimer") this.#forget(effect.name);
      else {
        if (effect.kind === "setTimer") this.#forget(effect.name);
        if (this.#answer(effect, 0) !== null) this.#open.push(effect);
      }
    }
  }

  /** A timer that is set comes once, or not at all; that it comes early is as good as anything. */
  #answer(effect: Asked, say: number): AgentInput | null {
    if (effect.kind === "setTimer") return { type: "timer", name: effect.name };
    return answerTo(effect, { say, nowMs: this.#nowMs });
  }

  #forget(name: TimerName): void {
    const index = this.#open.findIndex((effect) => effect.kind === "setTimer" && effect.name === name);
    if (index >= 0) this.#open.splice(index, 1);
  }
}

test("whatever is answered and said to an agent, in whatever order, I4, I5, I6, I9 and I11 hold, and it goes on", () => {
  fc.assert(
    fc.property(begins, honest, (beginning, steps) => {
      const driven = new Driven(beginning);
      expect(() => {
        for (const each of steps) driven.take(each);
      }).not.toThrow();
    }),
    { numRuns: 4_000 },
  );
});

test("and when it is lied to they hold as well, or it ends before anything comes of that", () => {
  fc.assert(
    fc.property(begins, lying, (beginning, steps) => {
      const driven = new Driven(beginning);
      let found: unknown;
      try {
        for (const each of steps) driven.take(each);
      } catch (error) {
        // The core ends the process over what cannot be; those are its own words, not the watch's.
        if (!(error instanceof AssertionError) || isWatchs(error)) found = error;
      }
      expect(found).toBeUndefined();
    }),
    { numRuns: 4_000 },
  );
});

test("every kind of input is drawn, and the agent gets into every state by them", () => {
  const [states, kinds] = [new Set<string>(), new Set<string>()];
  for (const steps of fc.sample(honest, { numRuns: 600, seed: 1 })) {
    const driven = new Driven({ hasKey: true, mayEnrol: true, strays: true });
    for (const each of steps) {
      driven.take(each);
      states.add(driven.core.agent);
    }
    for (const { type } of driven.seen) kinds.add(type);
  }
  expect([...states].sort()).toEqual(["Enrolling", "Idle", "Paused", "Withdrawing", "Withdrawn", "Working"]);
  expect(inputTypes.filter((type) => !kinds.has(type))).toEqual([]);
});

/** The watch, and the tables that it looks up, name what they watch over. */
function isWatchs({ stack = "" }: AssertionError): boolean {
  return stack.includes("invariant-watch");
}
