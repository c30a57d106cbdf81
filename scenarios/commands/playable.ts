import { resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { type Selection, selectScenarios } from "../selection/select-scenarios.ts";
import type { RunStage, Scenario } from "../steps/scenario.ts";

/**
 * The scenarios that are meant. What was named and cannot be played on the stage is refused; what was meant by a pattern
 * is kept, to be counted as skipped.
 *
 * @throws UsageError `not-on-stage`, and what `selectScenarios` throws
 */
export function playable(selection: Selection, stage: RunStage, all?: readonly Scenario[]): Scenario[] {
  const selected = selectScenarios(selection, all);
  const elsewhere = selected.filter(({ stages }) => !stages.includes(stage));
  const [refused] = elsewhere.filter(
    ({ name, file }) => selection.words.includes(name) || selection.words.some((word) => resolve(word) === file),
  );
  if (refused !== undefined) throw notOnStage(refused, stage);
  return selected;
}

function notOnStage({ name, stages }: Scenario, stage: RunStage): UsageError {
  return new UsageError(`The scenario ${name} cannot be played on the stage ${stage}.`, {
    code: "not-on-stage",
    next: `Run it with --stage ${stages.join(" or --stage ")}.`,
  });
}
