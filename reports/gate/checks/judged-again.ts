import { UsageError } from "../../../foundation/errors.ts";
import { worstVerdict } from "../../../protocol/verdict.ts";
import { failed, type Objection, type RunCheck, unknown } from "../run-check.ts";
import type { JudgedAgain, ScenarioJudge } from "../scenario-judge.ts";

/** That a run's history comes to the same by today's checkers: what stands in it as judged is a summary, too. */
export function judgedAgainCheck(judge: ScenarioJudge): RunCheck {
  return {
    check: "judged",
    subject: "every expectation holds, judged again by the checkers that are here",
    judge(run) {
      try {
        return judge(run).expectations.flatMap(objectionsTo);
      } catch (error) {
        if (error instanceof UsageError) return [unknown(`it cannot be judged again: ${error.message}`)];
        throw error;
      }
    },
  };
}

/** What was no better when the run was judged is objected to there already. */
function objectionsTo({ id, before, now, detail }: JudgedAgain["expectations"][number]): Objection[] {
  if (now === null) return [unknown(`${id} was judged ${before}, and the scenario that is here does not expect it`)];
  if (now === "pass" || (before !== null && worstVerdict([before, now]) === before)) return [];
  const was = before === null ? "was not judged" : `was judged ${before}`;
  return [(now === "fail" ? failed : unknown)(`${id} ${was}, and is ${now}: ${detail}`)];
}
