import { type JudgedAgain, knobs, type ScenarioJudge } from "../reports/gate/scenario-judge.ts";
import type { StoredRun } from "../reports/runs/read-run.ts";
import { knobsOf, recheck, scenarioOf } from "./recheck.ts";

/** Judges each run once, however often it is asked about: a long history takes seconds. */
export function scenarioJudge(): ScenarioJudge {
  const judged = new WeakMap<StoredRun, JudgedAgain>();
  return (run) => {
    const known = judged.get(run);
    if (known !== undefined) return known;
    const scenario = scenarioOf(run.verdict);
    const ran = knobsOf(run.verdict, scenario);
    const sizes = knobs.map((knob) => ({ knob, value: ran[knob], usual: scenario.defaults[knob] }));
    const answer = { expectations: recheck(run).expectations, sizes };
    judged.set(run, answer);
    return answer;
  };
}
