import type { Timing } from "../../protocol/timing.ts";
import type { ScenarioExpectation } from "../checkers/registry.ts";
import type { Scenario, ScenarioKnobs } from "./scenario.ts";
import type { Step } from "./step.ts";
import type { StoreKind } from "./store-kinds.ts";

/** A scenario as its author writes it; what is left out has a default. */
export interface ScenarioDefinition {
  /** In lower case, with hyphens; no other scenario has it. */
  readonly name: string;
  /** One line for `scenarios list`; the name, if nothing is said. */
  readonly title?: string;
  /** What it proves and how, for `scenarios show`. */
  readonly description?: string;
  /** Whatever it proves that has a name where its author works. */
  readonly requirements?: readonly string[];
  /** Words to find it by, for `--grep @word`. */
  readonly tags?: readonly string[];
  /** Where it can be played; on the host alone, if nothing is said. */
  readonly stages?: Scenario["stages"];
  /** What a run on the host needs of the machine (`scenarios doctor` has the names); without it the scenario is skipped. */
  readonly needs?: Scenario["needs"];
  /** Why a run on the host may hurt whoever else uses this machine, as a sentence. */
  readonly hurts?: string;
  /** It touches state that the whole host shares: a crontab, every processor. */
  readonly hostWide?: boolean;
  /** The broker's store on the host; what outlives the broker needs one that lasts. */
  readonly store?: StoreKind;
  /** What `--slots`, `--jobs` and `--cycles` are when nobody says; 2, 4 and 1. */
  readonly defaults?: Partial<ScenarioKnobs>;
  /** Times that differ from the fleet's defaults, in milliseconds. */
  readonly timing?: Partial<Timing>;
  readonly steps: readonly Step[] | ((knobs: ScenarioKnobs) => readonly Step[]);
  readonly expectations: readonly ScenarioExpectation[] | ((knobs: ScenarioKnobs) => readonly ScenarioExpectation[]);
}

/** What a file of the author's exports by default, as it was written; it is looked at when it is loaded. */
export interface DefinedScenario {
  readonly definition: ScenarioDefinition;
}

/** Defines a scenario: to be the default export of a file, which `scenarios run FILE` runs. */
export function defineScenario(definition: ScenarioDefinition): DefinedScenario {
  return { definition };
}

/** With every default filled in. @param file where it was defined */
export function completeScenario(definition: ScenarioDefinition, file: string): Scenario {
  const { name, title = name, steps, expectations, needs, hurts, hostWide, store } = definition;
  return {
    ...{ name, title, file },
    description: definition.description ?? title,
    requirements: definition.requirements ?? [],
    tags: definition.tags ?? [],
    stages: definition.stages ?? ["host"],
    ...(needs === undefined ? {} : { needs }),
    ...(hurts === undefined ? {} : { hurts }),
    ...(hostWide === undefined ? {} : { hostWide }),
    ...(store === undefined ? {} : { store }),
    defaults: { slots: 2, jobs: 4, cycles: 1, ...definition.defaults },
    timing: definition.timing ?? {},
    steps: (knobs) => (typeof steps === "function" ? steps(knobs) : steps),
    expectations: (knobs) => (typeof expectations === "function" ? expectations(knobs) : expectations),
  };
}
