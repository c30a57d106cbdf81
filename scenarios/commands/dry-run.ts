import type { SuitePlan } from "../selection/plan-suite.ts";
import { placeWords } from "../../reports/suite/place-words.ts";
import type { RunStage } from "../steps/scenario.ts";

/** What would run, in order, for `--dry-run`. */
export function dryRunText(
  { plan, stage, workers }: { readonly plan: SuitePlan; readonly stage: RunStage; readonly workers: number },
  { seed, json }: { readonly seed: string; readonly json: boolean },
): string {
  const entries = plan.entries.map(({ position, scenario, repeat, repeats, seed }) => ({
    ...{ position, scenario: scenario.name, repeat, repeats, seed },
  }));
  if (json) {
    return `${JSON.stringify({ version: 1, stage, workers, planned: plan.planned, entries }, undefined, 2)}\n`;
  }
  const width = String(plan.planned).length;
  const how = workers === 1 ? "one after the other" : `${workers} at once`;
  const part = entries.length === plan.planned ? "" : ` of ${plan.planned}`;
  const lines = entries.map((entry) => {
    const where = placeWords({ ...entry, attempt: 1 });
    return `  ${String(entry.position + 1).padStart(width)}  ${entry.scenario}${where === "" ? "" : `  ${where}`}`;
  });
  const head = `${entries.length}${part} runs on the stage ${stage}, ${how}${seed === "" ? "" : `, seed ${seed}`}:`;
  return `${[head, ...lines].join("\n")}\nNothing was done: --dry-run.\n`;
}
