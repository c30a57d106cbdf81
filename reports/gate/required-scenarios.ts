import { nearest } from "../../foundation/nearest.ts";
import { counted } from "../text/duration.ts";
import type { Candidate } from "./candidate.ts";
import type { GateRow, RequiredScenario } from "./policy.ts";

/** One row for each scenario on each stage with each driver: whether enough runs of it pass. */
export function requiredScenarios(required: readonly RequiredScenario[], candidates: readonly Candidate[]): GateRow[] {
  return required.flatMap((entry) =>
    entry.stages.flatMap((stage) =>
      // A modelled sandbox is neither the one driver nor the other.
      (stage === "sim" ? [undefined] : (entry.drivers ?? [undefined])).map((driver) =>
        rowOf({ ...entry, stage, driver }, candidates),
      ),
    ),
  );
}

interface Demand {
  readonly scenario: string;
  readonly stage: string;
  readonly driver: string | undefined;
  readonly repeats: number;
}

function rowOf({ scenario, stage, driver, repeats }: Demand, candidates: readonly Candidate[]): GateRow {
  const subject = [scenario, stage, ...(driver === undefined ? [] : [driver])].join(" · ");
  const runs = candidates.filter(
    ({ run: { verdict }, drivers }) =>
      verdict.scenario === scenario &&
      verdict.stage === stage &&
      (driver === undefined || (drivers.length === 1 && drivers[0] === driver)),
  );
  const passing = runs.filter(({ objections }) => objections.length === 0).length;
  const result = passing >= repeats ? "pass" : "fail";
  const seen =
    runs.length === 0
      ? `no run of it was given${otherName(scenario, candidates)}`
      : `${passing} of ${counted(runs.length, "run")} can be counted${passing < repeats ? `, ${repeats} must` : ""}`;
  return { check: "scenario", subject, result, detail: seen, run: null };
}

function otherName(scenario: string, candidates: readonly Candidate[]): string {
  const names = [...new Set(candidates.map(({ run }) => run.verdict.scenario))];
  const meant = names.includes(scenario) ? undefined : nearest(scenario, names);
  return meant === undefined ? "" : `; ${meant} was`;
}
