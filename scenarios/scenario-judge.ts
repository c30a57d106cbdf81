import { type JudgedAgain, knobs, type ScenarioJudge } from "../reports/gate/scenario-judge.ts";
import type { StoredRun } from "../reports/runs/read-run.ts";
import { scenarioGlobs } from "./loading/read-config.ts";
import { scenarioSet } from "./loading/scenario-set.ts";
import { knobsOf, recheck, scenarioOf } from "./recheck.ts";

/**
 * Knows the catalogue, and what the configuration here finds; a file that only a run names is not loaded for it, which
 * anybody can have written. Judges each run once, however often it is asked about: a long history takes seconds.
 */
export async function scenarioJudge(): Promise<ScenarioJudge> {
  const scenarios = await scenarioSet({ ...(await scenarioGlobs(undefined)), whole: true });
  const judged = new WeakMap<StoredRun, JudgedAgain>();
  return (run) => {
    const known = judged.get(run);
    if (known !== undefined) return known;
    const scenario = scenarioOf(run.verdict, scenarios);
    const ran = knobsOf(run.verdict, scenario);
    const sizes = knobs.map((knob) => ({ knob, value: ran[knob], usual: scenario.defaults[knob] }));
    const answer = { expectations: recheck(run, scenarios).expectations, sizes };
    judged.set(run, answer);
    return answer;
  };
}
