import { messageOf } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type { NotUndone } from "../../protocol/verdict.ts";
import type { UndoLedger } from "../undo/undo-ledger.ts";
import type { Effect, FaultContext, FaultInForce, FaultKind } from "./fault.ts";
import { FaultError } from "./fault-error.ts";
import { type FaultKindName, type FaultSpec, faultTitle } from "./fault-spec.ts";

export interface FaultsOptions {
  readonly ledger: UndoLedger;
  readonly record: <T extends HistoryType>(type: T, data: HistoryData<T>) => void;
  readonly kindOf: (name: FaultKindName) => FaultKind<FaultKindName>;
  /** What faults may use of the stage; `number` counts them from 1. */
  readonly context: (number: number) => Omit<FaultContext, "writeAhead">;
}

interface Entry {
  readonly name: string;
  readonly inForce: FaultInForce;
  /** What was written ahead for it, in order. */
  readonly written: readonly number[];
  readonly ids: { readonly faultId: number; readonly kind: FaultKindName };
  /** What of whom it has hold of. */
  readonly holds: string | undefined;
  /** What was measured last, unless that is told already: nothing to be seen at the beginning may be too early. */
  untold: Effect | undefined;
}

type Claim = Pick<Entry, "name" | "holds">;

/** The faults that a run's steps applied and that are not undone: what was written ahead, done, proved, and undone. */
export class FaultsInForce {
  readonly #options: FaultsOptions;
  readonly #entries = new Map<string, Entry>();
  /** Those that are being applied: others may begin meanwhile, in the branches of a step. */
  readonly #beginning = new Set<Claim>();
  #applied = 0;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** The names of those in force, oldest first. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Applies a fault, and looks whether its effect can be seen already.
   *
   * @param name by which it is healed
   * @returns in words what came of it
   * @throws FaultError `fault-in-force`, `faults-overlap`, and what the kind throws
   */
  async apply(spec: FaultSpec, name: string = spec.kind): Promise<string> {
    const claim = { name, holds: heldBy(this.#options.kindOf(spec.kind), spec) };
    for (const other of [...this.#entries.values(), ...this.#beginning]) {
      if (other.name === name) throw inForceAlready(name);
      if (claim.holds !== undefined && other.holds === claim.holds) throw overlapping(other);
    }
    this.#beginning.add(claim);
    try {
      return await this.#begin(spec, claim);
    } finally {
      this.#beginning.delete(claim);
    }
  }

  async #begin(spec: FaultSpec, { name, holds }: Claim): Promise<string> {
    const { kindOf, ledger, record, context } = this.#options;
    this.#applied += 1;
    const ids = { faultId: this.#applied, kind: spec.kind };
    const written: number[] = [];
    const writeAhead: FaultContext["writeAhead"] = (action) => void written.push(ledger.register(action));
    let inForce: FaultInForce;
    await this.look();
    try {
      inForce = await kindOf(spec.kind).apply({ ...context(ids.faultId), writeAhead }, spec);
    } catch (error) {
      await undoWritten(ledger, written);
      throw error;
    }
    const { fault, target, detail, subjects = [] } = inForce;
    record("fault.applied", { fault, target, detail, subjects: [...subjects], ...ids });
    const entry: Entry = { name, inForce, written, ids, holds, untold: undefined };
    this.#entries.set(name, entry);
    const effect = await this.#measure(entry);
    if (effect?.seen === true) this.#tell(entry, effect);
    else entry.untold = effect;
    const what = detail.includes(faultTitle(spec)) ? detail : `${faultTitle(spec)}: ${detail}`;
    return [what, ...(effect?.seen === true ? [effect.found] : [])].join("; ");
  }

  /** Looks for effects that may not be seen any more soon, because whoever bears them is to end. */
  async look(): Promise<void> {
    for (const entry of this.#entries.values()) {
      const effect = await this.#measure(entry);
      if (effect?.seen === true) this.#tell(entry, effect);
    }
  }

  /**
   * Undoes one fault, or all, the latest first.
   *
   * @returns in words what was seen of it
   * @throws FaultError `no-such-fault`, `not-undone`
   */
  async heal(name: string | undefined, { comesBack }: { readonly comesBack: boolean }): Promise<string> {
    const entries = name === undefined ? [...this.#entries.values()].reverse() : [this.#named(name)];
    const words: string[] = [];
    const errors: unknown[] = [];
    for (const entry of entries) {
      try {
        words.push(await this.#heal(entry, comesBack));
      } catch (error) {
        // The others are undone all the same.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return words.length === 0 ? "no fault is in force" : words.join("; ");
  }

  #named(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const meant = nearest(name, this.names);
    throw new FaultError(`No fault "${name}" is in force.`, {
      code: "no-such-fault",
      next: meant === undefined ? "Mend the scenario's steps." : `Did the scenario mean "${meant}"?`,
    });
  }

  async #heal(entry: Entry, comesBack: boolean): Promise<string> {
    const { name, inForce, written, ids } = entry;
    const effect = (await this.#measure(entry)) ?? entry.untold;
    if (effect !== undefined) this.#tell(entry, effect);
    let left: NotUndone | undefined;
    try {
      await inForce.undo?.();
    } finally {
      [left] = await undoWritten(this.#options.ledger, written);
    }
    if (left !== undefined) {
      throw new FaultError(`The fault "${name}" is not undone: ${left.what}: ${left.why}.`, {
        code: "not-undone",
        next: `Finish it with: ${left.finishWith}`,
      });
    }
    this.#entries.delete(name);
    const back = comesBack ? await inForce.comeBack?.() : undefined;
    const { fault, target } = inForce;
    this.#options.record("fault.undone", { fault, target, ...(back === undefined ? {} : { detail: back }), ...ids });
    return [`${name} is undone`, effect?.found, back].filter((one) => one !== undefined).join(", ");
  }

  async #measure({ inForce }: Entry): Promise<Effect | undefined> {
    try {
      return await inForce.proveEffect();
    } catch (error) {
      return { seen: false, lookedFor: "its effect", found: `which could not be measured: ${messageOf(error)}` };
    }
  }

  #tell({ inForce: { fault, target }, ids }: Entry, effect: Effect): void {
    this.#options.record("fault.effect", { fault, target, ...effect, ...ids });
  }
}

/** What was written ahead, the last first. */
async function undoWritten(ledger: UndoLedger, written: readonly number[]): Promise<NotUndone[]> {
  const failed: NotUndone[] = [];
  for (const id of [...written].reverse()) {
    const left = await ledger.undo(id);
    if (left !== undefined) failed.push(left);
  }
  return failed;
}

function inForceAlready(name: string): FaultError {
  return new FaultError(`A fault "${name}" is in force already.`, {
    code: "fault-in-force",
    next: "Heal it first, or give the second one a name of its own with `as`.",
  });
}

/** What of whom a fault has hold of, in words; undefined where several go together. */
export function heldBy({ holds }: Pick<FaultKind<FaultKindName>, "holds">, spec: FaultSpec): string | undefined {
  if (holds === undefined) return undefined;
  const whom = "process" in spec ? spec.process : "agent" in spec ? spec.agent : "host";
  return `${holds()} of ${"part" in spec && spec.part === "jobs" ? `${whom}'s jobs` : whom}`;
}

export function overlapping({ name, holds }: Claim): FaultError {
  return new FaultError(`The fault "${name}" has hold of ${holds} already.`, {
    code: "faults-overlap",
    next: "Heal it first: of the two, whichever is healed first would undo the other.",
  });
}
