import { describe, expect, test } from "vitest";

import { executionStates, executionTransition, isTerminalExecution } from "./execution-states.ts";

const allowed = [
  "spawning running",
  "spawning failed",
  "spawning killing",
  "spawning killed",
  "running completed",
  "running failed",
  "running killing",
  "running killed",
  "killing killed",
];
const pairs = executionStates.flatMap((from) => executionStates.map((to) => [from, to] as const));

describe("the execution's transitions (OR-1)", () => {
  test.each(pairs)("%s -> %s", (from, to) => {
    const answer = executionTransition(from, to);
    expect(answer.accepted).toBe(allowed.includes(`${from} ${to}`));
    if (answer.accepted) return;
    expect(answer.reason).toContain(from);
    expect(answer.reason).toContain(to);
    expect(answer.reason.includes("final")).toBe(isTerminalExecution(from));
  });

  test("completed, failed and killed are terminal, and only they", () => {
    expect(executionStates.filter(isTerminalExecution)).toEqual(["completed", "failed", "killed"]);
  });

  test("what is being killed can still only be killed, so that it is announced once it is true (case 66)", () => {
    expect(executionStates.filter((to) => executionTransition("killing", to).accepted)).toEqual(["killed"]);
  });
});
