import { UsageError } from "../../../foundation/errors.ts";
import { failed, type RunCheck } from "../run-check.ts";
import type { ScenarioJudge } from "../scenario-judge.ts";

/** That a run was as large as its scenario is, or as the policy says: two cycles prove less than a hundred. */
export function sizeCheck(judge: ScenarioJudge): RunCheck {
  return {
    check: "size",
    subject: "no run was smaller than its scenario is, or than the policy allows",
    judge(run, { policy }) {
      const allowed = policy.scenarios.find(({ scenario }) => scenario === run.verdict.scenario)?.atLeast ?? {};
      return sizesOf(run, judge).flatMap(({ knob, value, usual }) => {
        const least = allowed[knob] ?? usual;
        if (value >= least) return [];
        const who = allowed[knob] === undefined ? "the scenario has" : "the policy asks for";
        return [failed(`it ran with ${knob} ${value}, and ${who} ${least}`)];
      });
    },
  };
}

/** Of a scenario that is not known here nobody can tell; the check that judges again says so. */
function sizesOf(run: Parameters<ScenarioJudge>[0], judge: ScenarioJudge): ReturnType<ScenarioJudge>["sizes"] {
  try {
    return judge(run).sizes;
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
