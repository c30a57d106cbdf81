import { assert } from "../../../foundation/assert.ts";
import { type Choice, recordingTape, type Tape } from "../kernel/choices.ts";
import type { Failure, SimulationOutcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { isFair } from "./fair-candidate.ts";
import { failureKey } from "./same-failure.ts";

/** Runs a plan in virtual time; `tape` wins over the plan's own. */
export type Simulate = (plan: Plan, options?: { readonly digest?: boolean; readonly tape?: Tape }) => SimulationOutcome;

export interface ShrinkBudget {
  /** How often the plan may be run. */
  readonly runsMax: number;
  /** Asked before every run: true ends the search with what it has. This is where a deadline or a Ctrl-C comes in. */
  readonly giveUp: () => boolean;
}

export interface ShrinkProgress {
  readonly runs: number;
  readonly steps: number;
  /** Small decisions that are not benign; null while they are all drawn from the seed. */
  readonly choices: number | null;
}

export interface ShrinkSearchOptions {
  readonly plan: Plan;
  readonly failure: Failure;
  readonly simulate: Simulate;
  readonly budget: ShrinkBudget;
  readonly progress?: ((progress: ShrinkProgress) => void) | undefined;
}

/** Plans with more steps or longer tapes are not remembered: there would be too much to keep. */
const rememberedStepsMax = 1_000;
const rememberedChoicesMax = 200;

/** The simplest plan found so far that shows the same violation. It only ever gets simpler. */
export class ShrinkSearch {
  readonly #original: Plan;
  readonly #failure: Failure;
  readonly #simulate: Simulate;
  readonly #budget: ShrinkBudget;
  readonly #progress: ((progress: ShrinkProgress) => void) | undefined;
  /** What was run already, so that going round again costs nothing, and never goes in circles. */
  readonly #known = new Set<string>();
  #plan: Plan;
  #outcome: SimulationOutcome;
  #runs = 0;
  #improvements = 0;

  constructor({ plan, failure, simulate, budget, progress }: ShrinkSearchOptions) {
    this.#original = plan;
    this.#failure = failure;
    this.#simulate = simulate;
    this.#budget = budget;
    this.#progress = progress;
    this.#plan = plan;
    this.#outcome = this.#run(plan);
  }

  get plan(): Plan {
    return this.#plan;
  }

  get outcome(): SimulationOutcome {
    return this.#outcome;
  }

  get runs(): number {
    return this.#runs;
  }

  /** How often a simpler plan was found. */
  get improvements(): number {
    return this.#improvements;
  }

  /** Whether the plan shows the violation at all; false only when a run is not determined by its plan. */
  get holds(): boolean {
    return this.#shows(this.#outcome);
  }

  get exhausted(): boolean {
    return this.#runs >= this.#budget.runsMax || this.#budget.giveUp();
  }

  /** Runs the candidate, and takes it when it shows the same violation. It must be simpler in one way and worse in none. */
  tries(candidate: Plan): boolean {
    if (this.exhausted) return false;
    const key = keyOf(candidate);
    if (isSame(candidate, this.#plan) || (key !== null && this.#known.has(key))) return false;
    if (!isFair(candidate, this.#original, this.#failure)) return false;
    const outcome = this.#run(candidate);
    if (key !== null) this.#known.add(key);
    if (!this.#shows(outcome)) return false;
    this.#plan = candidate;
    this.#outcome = outcome;
    this.#improvements += 1;
    this.#report();
    return true;
  }

  /** Every small decision of the plan's own run that was not benign. */
  recordChoices(): Choice[] {
    assert(this.#plan.tape === "seeded", "only a seed's decisions are recorded");
    const choices: Choice[] = [];
    this.#run(
      this.#plan,
      recordingTape(this.#plan.seed, (choice) => choices.push(choice)),
    );
    return choices;
  }

  #run(plan: Plan, tape?: Tape): SimulationOutcome {
    this.#runs += 1;
    if (this.#runs % 10 === 0) this.#report();
    return this.#simulate(plan, { digest: false, ...(tape === undefined ? {} : { tape }) });
  }

  #shows({ failure }: SimulationOutcome): boolean {
    return failure !== null && failureKey(failure) === failureKey(this.#failure);
  }

  #report(): void {
    const { steps, tape } = this.#plan;
    this.#progress?.({ runs: this.#runs, steps: steps.length, choices: tape === "seeded" ? null : tape.length });
  }
}

function isSame(left: Plan, right: Plan): boolean {
  if (left.tape !== right.tape || left.steps.length !== right.steps.length) return false;
  return JSON.stringify([left.options, left.steps]) === JSON.stringify([right.options, right.steps]);
}

function keyOf({ options, steps, tape }: Plan): string | null {
  if (steps.length > rememberedStepsMax || (tape !== "seeded" && tape.length > rememberedChoicesMax)) return null;
  return JSON.stringify([options, steps, tape]);
}
