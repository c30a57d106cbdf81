import { UsageError } from "../../foundation/errors.ts";
import { faultsMissing } from "../faults/faults-missing.ts";
import { type Selection, selectScenarios } from "../selection/select-scenarios.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { RunStage } from "./run-stage.ts";

/**
 * The scenarios that are meant and can be played on the stage, on this machine. What was meant by a pattern and cannot be
 * is left out and told of; what was named is refused.
 *
 * @throws UsageError `not-on-stage`, `fault-not-here`, and what `selectScenarios` throws
 */
export function playable(selection: Selection, stage: RunStage): Scenario[] {
  const selected = selectScenarios(selection);
  const elsewhere = selected.filter(({ stages }) => !stages.includes(stage));
  const [refused] = elsewhere.filter(({ name }) => selection.words.includes(name));
  if (refused !== undefined) throw notOnStage(refused, stage);
  if (elsewhere.length > 0) {
    const names = elsewhere.map(({ name }) => name).join(", ");
    process.stderr.write(`Not on the stage ${stage}, and left out: ${names}.\n`);
  }
  const here = selected.filter(({ stages }) => stages.includes(stage));
  return stage === "sim" ? here : here.filter((scenario) => canBreak(scenario, selection));
}

/** Whether this machine has what the scenario's faults need. */
function canBreak(scenario: Scenario, { words }: Selection): boolean {
  const [missing] = faultsMissing(scenario.steps(scenario.defaults));
  if (missing === undefined) return true;
  if (words.includes(scenario.name)) throw missing;
  process.stderr.write(`${scenario.name} is left out: ${missing.message}\n`);
  return false;
}

function notOnStage({ name, stages }: Scenario, stage: RunStage): UsageError {
  return new UsageError(`The scenario ${name} cannot be played on the stage ${stage}.`, {
    code: "not-on-stage",
    next: `Run it with --stage ${stages.join(" or --stage ")}.`,
  });
}
