import { expect, test } from "vitest";

import type { ControlResponse } from "../../../protocol/control.ts";
import { checkAnswer } from "./control-answer-form.ts";

test("a yes that lacks what came of it is refused, and a no needs none", () => {
  expect(() => checkAnswer({ command: "pause" }, { ok: true, resumeMs: 1 })).toThrow(/the answer to pause/);
  expect(() => checkAnswer({ command: "pause" }, {} as ControlResponse)).toThrow(/not what the protocol says/);
  checkAnswer({ command: "pause" }, { ok: false, code: "refused", message: "no", next: "wait" });
  checkAnswer({ command: "resume" }, { ok: true, resumeMs: 1 });
});
