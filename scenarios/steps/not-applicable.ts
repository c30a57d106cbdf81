import { HouseguestError } from "../../foundation/errors.ts";

/** The agent that is tested lacks what a step is about. The run goes on, and the step has neither passed nor failed. */
export class NotApplicable extends HouseguestError {
  override readonly name = "NotApplicable";
}

/** @param why a sentence's part: "memcached takes no jobs" */
export function notApplicable(why: string): NotApplicable {
  return new NotApplicable(why, { code: "not-applicable", next: "See docs/foreign-agents.md." });
}
