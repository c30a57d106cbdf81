import { UsageError } from "../foundation/errors.ts";
import { type Expectation, type RunVerdict, type Verdict, worstVerdict } from "../protocol/verdict.ts";
import { missingRecords } from "../reports/figures/lost-evidence.ts";
import type { StoredRun } from "../reports/runs/read-run.ts";
import { catalog } from "./catalog/catalog.ts";
import { type CheckerName, checkers, judgeExpectations, type NamedExpectation } from "./checkers/registry.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { Scenario, ScenarioKnobs } from "./steps/scenario.ts";

/** One expectation, as it was judged and as it is now; null where there was or is none. */
export interface Rechecked {
  readonly id: string;
  readonly before: Verdict | null;
  readonly now: Verdict | null;
  readonly detail: string;
}

export interface Recheck {
  readonly expectations: readonly Rechecked[];
  readonly lifecycle: Verdict;
  readonly exitCode: number;
  /** The run's verdict with the judgements of now. */
  readonly verdict: RunVerdict;
}

/**
 * Judges a stored run's history again. The residue and the clean-up are taken as they were, and a run that ended early
 * is not better for having been judged twice.
 *
 * @throws UsageError `not-of-the-catalogue`
 */
export function recheck(
  { verdict, history, lostEvidence, recorded, altered }: StoredRun,
  scenarios: readonly Scenario[] = catalog,
): Recheck {
  const scenario = scenarioOf(verdict, scenarios);
  // What was changed may be what somebody wants to see judged; it is told beside that.
  const lost = [...lostEvidence.filter((one) => one !== altered), ...missingRecords(history)];
  // What the harness had concluded from the rest was not there when it was judged.
  const evidence = history.filter(({ type }) => type !== "expectation" && type !== "run.ended");
  const judged = judgeExpectations(evidence, wantedOf(verdict, scenario), lost);
  const lifecycle = lifecycleOf(verdict, { judged, recorded });
  const now: RunVerdict = { ...verdict, expectations: judged, lifecycle };
  const exitCode = recorded ? exitCodeOf(now) : worseOf(verdict.exitCode, lifecycle);
  return { expectations: paired(verdict.expectations, judged), lifecycle, exitCode, verdict: { ...now, exitCode } };
}

/** @throws UsageError `not-of-the-catalogue` */
export function scenarioOf({ scenario: wanted }: RunVerdict, scenarios: readonly Scenario[]): Scenario {
  const scenario = scenarios.find(({ name }) => name === wanted);
  if (scenario !== undefined) return scenario;
  throw new UsageError(
    `The run's scenario is "${wanted}", which is none of this catalogue and of no file that is known here.`,
    {
      code: "not-of-the-catalogue",
      next: "Judge it where it was run, with the version that ran it; a plan runs again with `scenarios replay`.",
    },
  );
}

/**
 * Of somebody else's agent what applied to it then, which its adapter alone could say. What neither was judged nor is
 * called not applicable was taken out, and is judged.
 */
function wantedOf(verdict: RunVerdict, scenario: Scenario): readonly NamedExpectation[] {
  const wanted = scenario.expectations(knobsOf(verdict, scenario));
  const { notApplicable, expectations, options } = verdict;
  if (notApplicable === undefined || options["adapter"] === undefined) return wanted;
  const told = new Set([...expectations, ...notApplicable].map(({ id }) => id));
  const judged = expectations.flatMap(({ id }): NamedExpectation[] => {
    if (!Object.hasOwn(checkers, id)) return [];
    return [wanted.find(({ checker }) => checker === id) ?? { checker: id as CheckerName }];
  });
  return [...judged, ...wanted.filter(({ checker }) => !told.has(checker))];
}

/** As the run's own options have them; older records may lack one. */
export function knobsOf({ options }: RunVerdict, { defaults }: Scenario): ScenarioKnobs {
  const knob = (name: keyof ScenarioKnobs) => {
    const value = options[name];
    return typeof value === "number" ? value : defaults[name];
  };
  return { slots: knob("slots"), jobs: knob("jobs"), cycles: knob("cycles") };
}

function lifecycleOf(
  { error, interrupted }: RunVerdict,
  { judged, recorded }: { readonly judged: readonly Expectation[]; readonly recorded: boolean },
): Verdict {
  const worst = worstVerdict(judged.map(({ result }) => result));
  if (interrupted || !recorded) return worstVerdict([worst, "unknown"]);
  return error === null ? worst : "fail";
}

/** A run without a verdict is unknown at best. */
function worseOf(exitCode: number, lifecycle: Verdict): number {
  return lifecycle === "fail" ? 1 : exitCode;
}

function paired(before: readonly Expectation[], now: readonly Expectation[]): Rechecked[] {
  const rest = new Map(before.map((one) => [one.id, one]));
  const rows = now.map(({ id, result, detail }): Rechecked => {
    const was = rest.get(id);
    rest.delete(id);
    return { id, before: was?.result ?? null, now: result, detail };
  });
  const gone = [...rest.values()].map(({ id, result }) => ({
    ...{ id, before: result, now: null, detail: "the scenario expects it no more" },
  }));
  return [...rows, ...gone];
}
