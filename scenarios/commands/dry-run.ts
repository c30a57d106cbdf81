import type { Skipped } from "../../protocol/suite.ts";
import { placeWords } from "../../reports/suite/place-words.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { applicableTo } from "../foreign/applicable.ts";
import type { AgentDefinition } from "../foreign/define-agent.ts";
import { whyNotApplicable } from "../foreign/step-applies.ts";
import { cannotRun } from "../needs/cannot-run.ts";
import type { PlannedEntry, SuitePlan } from "../selection/plan-suite.ts";
import { nestedSteps } from "../steps/nested-steps.ts";
import type { RunStage, Scenario, ScenarioKnobs } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";

interface Dry {
  readonly plan: SuitePlan;
  readonly stage: RunStage;
  readonly workers: number;
  /** Of an adapter. */
  readonly agent: AgentDefinition | undefined;
  /** As each entry of the plan would run. */
  readonly knobs: readonly ScenarioKnobs[];
}

/** What of a scenario does not apply to somebody else's agent. */
interface NotApplicable {
  readonly what: string;
  readonly why: string;
}

interface DryEntry extends Omit<PlannedEntry, "scenario"> {
  readonly scenario: string;
  /** Of one that would be skipped. */
  readonly skipped?: Skipped;
  readonly notApplicable?: readonly NotApplicable[];
}

/** What would run, in order, for `--dry-run`. */
export function dryRunText(suite: Dry, { seed, json }: { readonly seed: string; readonly json: boolean }): string {
  const { plan, stage, workers } = suite;
  const entries = plan.entries.map((entry, at) => entryOf(entry, at, suite));
  if (json) {
    return `${JSON.stringify({ version: 1, stage, workers, planned: plan.planned, entries }, undefined, 2)}\n`;
  }
  const width = String(plan.planned).length;
  const how = workers === 1 ? "one after the other" : `${workers} at once`;
  const part = entries.length === plan.planned ? "" : ` of ${plan.planned}`;
  const skipped = entries.filter((entry) => entry.skipped !== undefined).length;
  const without = skipped === 0 ? "" : `, ${skipped} of them skipped`;
  const head = `${entries.length}${part} runs on the stage ${stage}${without}, ${how}${seed === "" ? "" : `, seed ${seed}`}:`;
  const lines = entries.flatMap((entry) => entryLines(entry, width));
  return `${[head, ...lines].join("\n")}\nNothing was done: --dry-run.\n`;
}

function entryOf(entry: PlannedEntry, at: number, { stage, agent, knobs }: Dry): DryEntry {
  const { position, scenario, repeat, repeats, seed } = entry;
  const skipped = cannotRun(scenario, stage);
  return {
    ...{ position, scenario: scenario.name, repeat, repeats, seed },
    ...(skipped === null ? {} : { skipped }),
    ...(agent === undefined ? {} : { notApplicable: notApplicable(scenario, agent, knobs[at] ?? scenario.defaults) }),
  };
}

function notApplicable(scenario: Scenario, agent: AgentDefinition, knobs: ScenarioKnobs): NotApplicable[] {
  const checkers = applicableTo(agent, scenario.expectations(knobs)).notApplicable;
  return [
    ...stepsNotApplicable(scenario.steps(knobs), agent, ""),
    ...checkers.map(({ id, detail }) => ({ what: `expectation ${id}`, why: detail })),
  ];
}

/** Steps have the numbers that they have in reports; of those that are done over and over the first time is told. */
function stepsNotApplicable(steps: readonly Step[], agent: AgentDefinition, within: string): NotApplicable[] {
  return steps.flatMap((step, index) => {
    const number = `${within}${index + 1}`;
    const why = whyNotApplicable(agent, step);
    if (why !== null) return [{ what: `step ${number} ${step.step}`, why }];
    return nestedSteps(step).flatMap((list, branch) => stepsNotApplicable(list, agent, `${number}.${branch + 1}.`));
  });
}

function entryLines(entry: DryEntry, width: number): string[] {
  const where = placeWords({ ...entry, attempt: 1 });
  const indent = " ".repeat(width + 4);
  const more = (text: string) => wrapText(text, { indent, hanging: `${indent}  ` });
  const { skipped, notApplicable: lacking = [] } = entry;
  return [
    `  ${String(entry.position + 1).padStart(width)}  ${entry.scenario}${where === "" ? "" : `  ${where}`}`,
    ...(skipped === undefined ? [] : [more(`skipped: ${skipped.why} ${skipped.remedy}`)]),
    ...[...Map.groupBy(lacking, ({ why }) => why)].map(([why, those]) =>
      more(`not applicable, ${why}: ${those.map(({ what }) => what).join(", ")}`),
    ),
  ];
}
