import type { Logger } from "pino";

import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import { type Fault, type FaultKind, type FaultView, type PutFault, faultScopes } from "../../../protocol/faults.ts";
import type { BrokerClock } from "../broker-clock.ts";
import { streamRoutes } from "../operations/route-descriptions.ts";
import { ProblemError } from "../problems.ts";

/** The most rules in force at once, and the most ended ones that are remembered. */
const rulesMax = 100;
const endedMax = 1_000;

export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;
type FaultEnd = NonNullable<FaultView["ended"]>["how"];

/** A rule in force. */
export interface FaultRule<F extends Fault = Fault> {
  readonly fault: F;
  /** Notes one effect; after the last of `first` the rule ends by itself. */
  hit(): void;
  /** Called once, when the rule ends. @returns calls it off */
  onEnd(callback: () => void): () => void;
}

/** To whom something would happen. */
export interface FaultSubject {
  readonly route?: string;
  readonly agentId?: string | undefined;
  /** The operator's own call: only a rule that names its route is for it, so that the operator keeps the upper hand. */
  readonly isOperators?: boolean;
}

interface Entry {
  view: FaultView;
  readonly rule: FaultRule;
  readonly listeners: Set<() => void>;
  readonly cancelExpiry: () => void;
}

export interface FaultBookOptions {
  /** The true time: what a fault does to the clock does not prolong it. */
  readonly clock: BrokerClock;
  readonly record: RecordEvent;
  readonly log: Logger;
  readonly onHit: (kind: FaultKind) => void;
}

/**
 * The rules of ordered misbehaviour. Each has an id, an end that comes by itself, and a count of its effects, so that one
 * that did nothing is seen to have done nothing. They live no longer than the broker's process.
 */
export class FaultBook {
  readonly #options: FaultBookOptions;
  readonly #active = new Map<string, Entry>();
  #ended: FaultView[] = [];
  #put = 0;

  constructor(options: FaultBookOptions) {
    this.#options = options;
  }

  /**
   * Puts a rule in force.
   *
   * @param routes those that can be named
   * @throws ProblemError `bad-request` when it could never have an effect, `full`
   */
  put(asked: PutFault, { routes }: { readonly routes: readonly string[] }): FaultView {
    assertPossible(asked, routes);
    if (this.#active.size >= rulesMax) {
      throw new ProblemError("full", `${rulesMax} faults are in force, which is the limit; remove some.`);
    }
    const { clock } = this.#options;
    const { expiresInMs, ...rest } = asked;
    this.#put += 1;
    const ruleId = `fault-${this.#put}`;
    const putAt = clock.nowMs();
    const expiresAt = putAt + expiresInMs;
    const listeners = new Set<() => void>();
    const entry: Entry = {
      view: { ...rest, ruleId, hits: 0, putAt, expiresAt, ended: null },
      listeners,
      cancelExpiry: clock.wakeAt(expiresAt, () => this.#end(entry, "expired")),
      rule: {
        fault: asked.fault,
        hit: () => this.#hit(entry),
        onEnd(callback) {
          listeners.add(callback);
          return () => listeners.delete(callback);
        },
      },
    };
    this.#active.set(ruleId, entry);
    this.#tell(entry, "put");
    return entry.view;
  }

  /** @throws ProblemError `unknown-fault` when no such rule is in force */
  remove(ruleId: string): FaultView {
    const entry = this.#active.get(ruleId);
    if (entry === undefined) throw new ProblemError("unknown-fault", `No fault ${ruleId} is in force.`);
    this.#end(entry, "removed");
    return entry.view;
  }

  /** In the order in which they were put. */
  list(): FaultView[] {
    const all = [...this.#ended, ...Array.from(this.#active.values(), ({ view }) => view)];
    const numberOf = ({ ruleId }: FaultView): number => Number(ruleId.slice("fault-".length));
    return all.sort((a, b) => numberOf(a) - numberOf(b));
  }

  /** The rules in force of some kinds that are for this subject, oldest first. */
  matching<K extends FaultKind>(
    kinds: readonly K[],
    { route, agentId, isOperators = false }: FaultSubject = {},
  ): FaultRule<FaultOf<K>>[] {
    const found: FaultRule<FaultOf<K>>[] = [];
    for (const { view, rule } of this.#active.values()) {
      if (!(kinds as readonly FaultKind[]).includes(view.fault.kind)) continue;
      if (view.route === undefined ? isOperators : view.route !== route) continue;
      if (view.agentId !== undefined && view.agentId !== agentId) continue;
      found.push(rule as FaultRule<FaultOf<K>>);
    }
    return found;
  }

  /** What the clock shows that others see. */
  shownNowMs(): number {
    return this.matching(["wrong-clock"]).reduce(
      (ms, { fault }) => Math.max(0, ms + fault.aheadMs),
      this.#options.clock.nowMs(),
    );
  }

  /** Waits, until the rule ends at the most; `ms` null: until then. */
  async hold(rule: FaultRule, ms: number | null): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      let cancelWake = (): void => undefined;
      const cancelEnd = rule.onEnd(() => {
        cancelWake();
        resolve();
      });
      if (ms === null) return;
      cancelWake = clock.wakeAt(clock.nowMs() + ms, () => {
        cancelEnd();
        resolve();
      });
    });
  }

  /** Ends every rule, but for those of one kind. */
  stop({ but }: { readonly but?: FaultKind } = {}): void {
    for (const entry of [...this.#active.values()]) {
      if (entry.view.fault.kind !== but) this.#end(entry, "stopped");
    }
  }

  #hit(entry: Entry): void {
    if (entry.view.ended !== null) return;
    entry.view = { ...entry.view, hits: entry.view.hits + 1 };
    this.#options.onHit(entry.view.fault.kind);
    if (entry.view.hits === entry.view.first) this.#end(entry, "used-up");
  }

  #end(entry: Entry, how: FaultEnd): void {
    const { ruleId, ended } = entry.view;
    if (ended !== null) return;
    entry.cancelExpiry();
    entry.view = { ...entry.view, ended: { at: this.#options.clock.nowMs(), how } };
    this.#active.delete(ruleId);
    this.#ended = [...this.#ended, entry.view].slice(-endedMax);
    this.#tell(entry, how);
    for (const listener of [...entry.listeners]) listener();
    entry.listeners.clear();
  }

  #tell({ view }: Entry, stage: "put" | FaultEnd): void {
    const { ruleId, fault, hits } = view;
    this.#options.record("broker.fault", { ruleId, kind: fault.kind, stage, hits });
    this.#options.log.warn({ ruleId, fault, stage, hits }, "ordered misbehaviour");
  }
}

/** A rule that cannot match anything would look like a broker that bears it. */
function assertPossible({ fault, route, agentId }: PutFault, routes: readonly string[]): void {
  const scopes = faultScopes[fault.kind];
  const refused = (what: string) => new ProblemError("bad-request", `A fault ${fault.kind} is for no single ${what}.`);
  if (route !== undefined && !scopes.includes("route")) throw refused("route");
  if (agentId !== undefined && !scopes.includes("agentId")) throw refused("agent");
  if (route !== undefined && !routes.includes(route)) {
    throw new ProblemError("bad-request", `There is no route ${route} that can misbehave; /documentation lists them.`);
  }
  const isOfAnswer = fault.kind === "truncate" || ("phase" in fault && fault.phase === "answer");
  if (route !== undefined && streamRoutes.has(route) && isOfAnswer) {
    throw new ProblemError("bad-request", `${route} is a stream, and has no answer for a fault ${fault.kind}.`);
  }
}
