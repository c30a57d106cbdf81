import { expect, test } from "vitest";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { type Outcome, outcomeOf } from "../../protocol/suite.ts";
import { suiteExitCode, worstExitCode } from "./suite-exit-code.ts";

test.each<[Outcome[], number]>([
  [[], ExitCode.pass],
  [["passed", "flaky"], ExitCode.pass],
  [["not-run", "not-run"], ExitCode.unknown],
  [["skipped", "skipped"], ExitCode.unknown],
  [["skipped", "passed"], ExitCode.pass],
  [["skipped", "not-run"], ExitCode.unknown],
  [["skipped", "failed"], ExitCode.fail],
  [["passed", "flaky", "not-run"], ExitCode.unknown],
  [["failed", "not-run"], ExitCode.fail],
  [["passed", "unknown"], ExitCode.unknown],
  [["unknown", "refused"], ExitCode.usage],
  [["unknown", "failed", "refused"], ExitCode.fail],
  [["failed", "interrupted"], ExitCode.interrupted],
  [["interrupted", "not-undone"], ExitCode.notUndone],
  [["harness-bug", "not-undone"], ExitCode.harnessBug],
])("%j comes to %i", (outcomes, exitCode) => {
  expect(suiteExitCode(outcomes)).toBe(exitCode);
  expect(suiteExitCode(outcomes.toReversed())).toBe(exitCode);
});

test("a flaky run is a failed one where that is asked for", () => {
  expect(suiteExitCode(["passed", "flaky"], { failOnFlaky: true })).toBe(ExitCode.fail);
});

test("a shard of nothing but skipped ones is as an empty one: the others may have run", () => {
  expect(suiteExitCode(["skipped"], { isPart: true })).toBe(ExitCode.pass);
  expect(suiteExitCode(["skipped", "not-run"], { isPart: true })).toBe(ExitCode.unknown);
});

test("an exit code that nobody knows is worse than all", () => {
  expect(worstExitCode([ExitCode.harnessBug, 99])).toBe(99);
  expect(outcomeOf([99])).toBe("harness-bug");
});
