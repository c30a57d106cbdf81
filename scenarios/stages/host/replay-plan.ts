import type { HistoryRecord } from "../../../protocol/history.ts";
import type { RunVerdict } from "../../../protocol/verdict.ts";
import type { Reporter } from "../../../reports/reporter.ts";
import { judgeProperties } from "../../checkers/judge-properties.ts";
import { type PropertyName, propertyNames } from "../../checkers/properties.ts";
import { runOptions } from "../../config.ts";
import { readConfig } from "../../loading/read-config.ts";
import { preflight } from "../../preflight.ts";
import { runScenario } from "../../runner.ts";
import type { Plan } from "../../simulator/plan/plan.ts";
import { checkOnHost } from "./not-on-host.ts";
import { replayMsMax, replayScenario } from "./replay-scenario.ts";

export interface ReplayOnHostOptions {
  /** Where the run directory is made. */
  readonly runs: string;
  readonly reporters: readonly Reporter[];
  /** The command that replays the same again. */
  readonly reproduce: string;
}

/**
 * Replays a plan on real processes of this host, with all that a run has: baseline, undo ledger, interruption, residue
 * scan, verdict. The properties that hold in every simulated run judge the real history.
 *
 * @throws UsageError `not-on-host` when the plan has what real processes cannot do; nothing was done then
 */
export async function replayOnHost(
  plan: Plan,
  { runs, reporters, reproduce }: ReplayOnHostOptions,
): Promise<RunVerdict> {
  checkOnHost(plan);
  const scenario = replayScenario(plan);
  const { config } = await readConfig(undefined);
  // A broker that is killed has to find again what it knew.
  const broker = { ...config.broker, store: "sqlite" as const };
  const { slots, jobs } = scenario.defaults;
  const deadlineS = replayMsMax(plan) / 1_000;
  const { timing: _timing, ...rest } = config;
  const options = runOptions(scenario, { ...rest, broker, slots, jobs, deadlineS }, plan.seed);
  preflight(options);
  const names = propertiesOf(plan);
  const judge = (history: readonly HistoryRecord[], lost: readonly string[]) => judgeProperties(history, lost, names);
  return await runScenario({ scenario, options, runs, reporters, reproduce, judge });
}

/**
 * Single freezes may be late on a machine that others use too: unless it is what the plan shows, their 99th percentile
 * is judged instead, where each is timed from outside (the scenario rapid-pause-resume). And a broker that is killed
 * between a commit and its line in the history shows more than was told of.
 */
function propertiesOf({ shows, steps }: Plan): PropertyName[] {
  const unsure = new Set<PropertyName>(["freeze-bound"]);
  if (steps.some((step) => step.do === "kill-broker")) unsure.add("shown-as-told");
  return propertyNames.filter((name) => !unsure.has(name) || shows?.invariant === name);
}
