import { UsageError } from "../../../foundation/errors.ts";
import { FaultError } from "../../faults/fault-error.ts";
import { heldBy, overlapping } from "../../faults/faults-in-force.ts";
import { type FaultKindName, type FaultSpec, faultTitle } from "../../faults/fault-spec.ts";
import type { Simulation } from "../../simulator/simulation.ts";
import type { Member } from "../../simulator/world/member.ts";
import { type SimAct, simActOf } from "./sim-acts.ts";

/** Of the kinds that are here too: what each has hold of, as on a host. */
export const heldOnSim: Readonly<Partial<Record<FaultKindName, string>>> = {
  "fill-disk": "the room on the disk",
  "limit-processes": "the number of processes",
};

interface Entry {
  /** What of whom it has hold of. */
  readonly holds: string | undefined;
  readonly act: SimAct;
  readonly mend: () => void;
  readonly ids: { readonly fault: string; readonly target: string; readonly faultId: number; readonly kind: string };
  /** Whether its effect stands in the history. */
  isTold: boolean;
}

/** The faults that steps applied in virtual time: acts of the simulator's plans, in force until they are healed. */
export class SimFaults {
  readonly #simulation: Simulation;
  readonly #agent: (name: string) => Member;
  /** How many commits the broker's store had taken, by the name under which a step kept it. */
  readonly keptStores = new Map<string, number>();
  readonly #entries = new Map<string, Entry>();
  #applied = 0;

  constructor(simulation: Simulation, agent: (name: string) => Member) {
    this.#simulation = simulation;
    this.#agent = agent;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Applies a fault.
   *
   * @returns in words what came of it
   * @throws UsageError `not-on-sim`, FaultError `fault-in-force`, `faults-overlap`
   */
  apply(spec: FaultSpec, name: string = spec.kind): string {
    const act = simActOf(spec, {
      ...{ simulation: this.#simulation, agent: this.#agent },
      keptStores: this.keptStores,
    });
    if (act === undefined) {
      throw new UsageError(`The fault "${faultTitle(spec)}" does not exist in virtual time.`, {
        code: "not-on-sim",
        next: "Run the scenario on this machine, with --stage host.",
      });
    }
    if (this.#entries.has(name)) {
      throw new FaultError(`A fault "${name}" is in force already.`, {
        code: "fault-in-force",
        next: "Heal it first, or give the second one a name of its own with `as`.",
      });
    }
    const what = heldOnSim[spec.kind];
    const holds = what === undefined ? undefined : heldBy({ holds: () => what }, spec);
    for (const [other, entry] of this.#entries) {
      if (holds !== undefined && entry.holds === holds) throw overlapping({ name: other, holds });
    }
    this.#applied += 1;
    const ids = { ...this.#whom(act), faultId: this.#applied, kind: spec.kind };
    const mends = act.steps.map((step) => this.#simulation.director.faults.apply(step));
    if (act.begin !== undefined) mends.push(act.begin());
    const mend = (): void => {
      for (const each of mends) each();
    };
    const entry: Entry = { holds, act, mend, ids, isTold: false };
    this.#entries.set(name, entry);
    // What cannot be seen yet is looked for again when it is healed.
    return act.isSeen() ? `${faultTitle(spec)}: ${this.#tell(entry)}` : faultTitle(spec);
  }

  /** Undoes one fault, or all, the latest first; says what was seen. */
  heal(name?: string): string {
    const names = name === undefined ? [...this.names].reverse() : [name];
    const words = names.map((one) => this.#heal(one));
    return words.length === 0 ? "no fault is in force" : words.join("; ");
  }

  #whom({ named, steps: [first] }: SimAct): { fault: string; target: string } {
    if (named !== undefined) return named;
    const index = first !== undefined && "agent" in first ? first.agent : null;
    const member = index === null ? undefined : this.#simulation.members[index];
    return { fault: first?.do ?? "nothing", target: member?.host.agentId ?? "broker" };
  }

  #heal(name: string): string {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw new FaultError(`No fault "${name}" is in force.`, {
        code: "no-such-fault",
        next: "Mend the scenario's steps.",
      });
    }
    // What was seen once has been so: a process that was down may have been started since.
    if (entry.act.isSeen() || !entry.isTold) this.#tell(entry);
    this.#entries.delete(name);
    entry.mend();
    return `${name} is undone`;
  }

  #tell(entry: Entry): string {
    const { world } = this.#simulation;
    const { lookedFor, isSeen } = entry.act;
    const seen = isSeen();
    const found = seen ? `the model shows ${lookedFor}` : `the model does not show ${lookedFor}`;
    world.record(world.harness, "fault.effect", { ...entry.ids, seen, lookedFor, found });
    entry.isTold = true;
    return found;
  }
}
