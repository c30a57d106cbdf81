import { strict as assert } from "node:assert";

import type { ProblemCode } from "../../../protocol/messages.ts";
import { problemStatus } from "../../io/problem-status.ts";
import type { Answered, Asked } from "./broker-body.ts";

/** What was answered to a call that must be taken. */
export function taken<T extends Asked>(answer: Answered<T>): Extract<Answered<T>, { ok: true }>["answer"] {
  assert.ok(answer.ok, `it is refused, and must not be: ${answer.ok ? "" : `${answer.code}: ${answer.message}`}`);
  return answer.answer;
}

/** Holds that a call was refused, and how. */
export function refused(answer: Answered<Asked>, code: ProblemCode): void {
  assert.equal(answer.ok ? "taken" : answer.code, code);
  if (!answer.ok && answer.status !== undefined) assert.equal(answer.status, problemStatus[code]);
}
