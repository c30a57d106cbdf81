import { nearest } from "../../foundation/nearest.ts";
import { counted } from "../text/duration.ts";
import type { Candidate } from "./candidate.ts";
import type { GateRow, RequiredScenario } from "./policy.ts";

/** One row for each scenario on each stage with each driver: whether enough runs of it pass. */
export function requiredScenarios(required: readonly RequiredScenario[], candidates: readonly Candidate[]): GateRow[] {
  const demands = required.flatMap((entry) =>
    entry.stages.flatMap((stage) =>
      // A modelled sandbox is neither the one driver nor the other.
      (stage === "sim" ? [undefined] : (entry.drivers ?? [undefined])).map((driver) => ({ ...entry, stage, driver })),
    ),
  );
  const unasked = candidates.filter(({ run }) => required.every(({ scenario }) => scenario !== run.verdict.scenario));
  return demands.map((demand) => {
    const row = rowOf(demand, candidates);
    return row ?? { ...emptyRow(demand), detail: `no run of it was given${whatWas(demand, { candidates, unasked })}` };
  });
}

interface Demand {
  readonly scenario: string;
  readonly stage: string;
  readonly driver: string | undefined;
  readonly repeats: number;
}

/** Undefined where there is no run that could count. */
function rowOf(demand: Demand, candidates: readonly Candidate[]): GateRow | undefined {
  const { scenario, stage, driver, repeats } = demand;
  const runs = candidates.filter(
    ({ run: { verdict }, drivers }) =>
      verdict.scenario === scenario &&
      verdict.stage === stage &&
      (driver === undefined || (drivers.length === 1 && drivers[0] === driver)),
  );
  if (runs.length === 0) return undefined;
  const passing = runs.filter(({ objections }) => objections.length === 0).length;
  const seen = `${passing} of ${counted(runs.length, "run")} can be counted`;
  if (passing >= repeats) return { ...emptyRow(demand), result: "pass", detail: seen };
  return { ...emptyRow(demand), detail: `${seen}, ${repeats} must` };
}

function emptyRow({ scenario, stage, driver }: Demand): GateRow {
  const subject = [scenario, stage, ...(driver === undefined ? [] : [driver])].join(" · ");
  return { check: "scenario", subject, result: "fail", detail: "", run: null };
}

/** What was run instead: the same elsewhere, or something of nearly that name for which nobody asks. */
function whatWas(
  { scenario }: Demand,
  { candidates, unasked }: { candidates: readonly Candidate[]; unasked: readonly Candidate[] },
): string {
  const same = candidates.filter(({ run }) => run.verdict.scenario === scenario);
  const places = new Set(same.map(({ run, drivers }) => [run.verdict.stage, drivers.join(" and ")].join(" · ")));
  if (places.size > 0) return `; it was on ${[...places].join(", ")}`;
  const meant = nearest(scenario, [...new Set(unasked.map(({ run }) => run.verdict.scenario))]);
  return meant === undefined ? "" : `; ${meant} was`;
}
