import type { stageNames } from "../../protocol/stage-names.ts";
import type { Timing } from "../../protocol/timing.ts";
import type { NeedName } from "../needs/needs.ts";
import type { ScenarioExpectation } from "../checkers/registry.ts";
import type { Step } from "./step.ts";
import type { StoreKind } from "./store-kinds.ts";

/** What a user may set for a run; the rest of a scenario's figures follow from these. */
export interface ScenarioKnobs {
  readonly slots: number;
  readonly jobs: number;
  readonly cycles: number;
}

export type RunStage = (typeof stageNames)[number];

/** A named plan: cast, steps, expectations. */
export interface Scenario {
  readonly name: string;
  /** The file in which it was defined, absolute; undefined for one of the catalogue. */
  readonly file?: string;
  /** One line for the list. */
  readonly title: string;
  /** What it proves and how, for `scenarios show`. */
  readonly description: string;
  /** The rows of docs/requirements.md that it proves, each of them with an expectation that can fail. */
  readonly requirements: readonly string[];
  /** Words to find it by, for `--grep @word`. */
  readonly tags: readonly string[];
  /** Where it can be played. */
  readonly stages: readonly RunStage[];
  /** What a run on the host needs of the machine; where it is missing the scenario is skipped, which is no pass. */
  readonly needs?: readonly NeedName[];
  /** Why a run on the host may hurt whoever else uses this machine, as a sentence. */
  readonly hurts?: string;
  /** It touches state that the whole host shares: a crontab, every processor. */
  readonly hostWide?: boolean;
  /** The broker's store on the host, unless the user says otherwise: what outlives the broker needs one that lasts. */
  readonly store?: StoreKind;
  readonly defaults: ScenarioKnobs;
  /** Times that differ from the fleet's defaults, so that a run takes seconds. */
  readonly timing: Partial<Timing>;
  steps(knobs: ScenarioKnobs): readonly Step[];
  expectations(knobs: ScenarioKnobs): readonly ScenarioExpectation[];
}
