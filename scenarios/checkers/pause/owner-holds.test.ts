import { expect, test } from "vitest";

import { agentId, answered, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "owner-holds";
const begun = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const owner = (history: HistoryBuilder, command: "pause" | "resume", ok = true) => {
  const request = history.records.length;
  return history
    .add("witness.asked", { agentId, request, command, withinMs: 1 })
    .add("witness.answered", { ...answered, request, command, ok });
};
const operator = (history: HistoryBuilder, command: "pause" | "resume") =>
  history.add("witness.command", { agentId, by: "broker", command, reason: `command ${command}` });
const goesOn = (history: HistoryBuilder, reason: string) =>
  history.add("agent.state", { from: "Paused", to: "Idle", event: "resumeAsked", reason });
const isPaused = (history: HistoryBuilder) => history.state("Idle", "Paused", "paused");
const refused = (history: HistoryBuilder, state: "Paused" | "Withdrawing" = "Paused") =>
  history.add("agent.refused", { state, event: "resumeAsked", reason: "" });

test("passes where each lets go what is theirs to let go", () => {
  expect(judge(begun(), name).result).toBe("unknown");
  expect(judge(goesOn(owner(isPaused(owner(begun(), "pause")), "resume"), "plan"), name).result).toBe("pass");
  const operators = goesOn(operator(isPaused(operator(begun(), "pause")), "resume"), "command resume");
  expect(judge(operators, name)).toMatchObject({ result: "pass", detail: "1 resumes" });
});

test("fails when the operator lets go what the owner paused, after a restart too", () => {
  const held = (history: HistoryBuilder) => operator(isPaused(owner(history, "pause")), "resume");
  expect(judge(goesOn(held(begun()), "command resume"), name).detail).toContain("the operator let go");
  const restarted = owner(begun(), "pause").start("two");
  const data = { from: "Paused", to: "Idle", event: "resumeAsked", reason: "command resume" } as const;
  expect(judge(operator(restarted, "resume").add("agent.state", data, "two"), name).result).toBe("fail");
  expect(judge(goesOn(refused(held(begun())), "plan"), name).result).toBe("pass");
});

test("fails when the operator's resume is refused where the owner paused nothing", () => {
  expect(judge(refused(isPaused(operator(begun(), "pause"))), name).detail).toContain("had paused nothing");
  expect(judge(refused(begun(), "Withdrawing"), name).result).toBe("unknown");
  expect(judge(refused(owner(begun(), "pause", false)), name).result).toBe("unknown");
});

test("lets the operator let go what the operator paused, after the owner's resume and before the owner's next pause", () => {
  const asked = (request: number, command: "pause" | "resume") => ({ agentId, request, command, withinMs: 1 }) as const;
  // An agent that stood still answers one after the other what was asked meanwhile.
  const stood = begun()
    .add("witness.asked", asked(1, "pause"))
    .add("witness.asked", asked(2, "resume"))
    .add("witness.asked", asked(3, "pause"));
  const history = operator(operator(stood, "pause"), "resume")
    .add("witness.answered", { ...answered, request: 1, command: "pause", ok: true })
    .add("witness.answered", { ...answered, request: 2, command: "resume", ok: true });
  expect(judge(goesOn(isPaused(history), "command resume"), name).result).toBe("pass");
  const again = history.add("witness.answered", { ...answered, request: 3, command: "pause", ok: true });
  expect(judge(goesOn(isPaused(again), "command resume"), name).detail).toContain("the operator let go");
});

test("knows that a pause may be asked for before the resume is answered", () => {
  const both = begun()
    .add("witness.asked", { agentId, request: 1, command: "resume", withinMs: 1 })
    .add("witness.asked", { agentId, request: 2, command: "pause", withinMs: 1 })
    .add("witness.answered", { ...answered, command: "resume" });
  expect(judge(goesOn(isPaused(both), "plan"), name).result).toBe("pass");
});

test("fails when a host that was let go is paused again, unless somebody asked", () => {
  const letGo = () => owner(isPaused(owner(begun(), "pause")), "resume");
  expect(judge(isPaused(goesOn(letGo(), "plan")), name).detail).toContain("nobody asked for that");
  expect(judge(isPaused(operator(goesOn(letGo(), "plan"), "pause")), name).result).toBe("pass");
  expect(judge(isPaused(owner(goesOn(letGo(), "plan"), "pause")), name).result).toBe("pass");
});

test("fails so where the operator had paused it before too, unless that pause may still be on its way", () => {
  const first = (reason: string) => begun().add("witness.command", { agentId, by: "broker", command: "pause", reason });
  const paused = (reason: string) =>
    first(reason).add("agent.state", { from: "Idle", to: "Paused", event: "paused", reason });
  const again = (history: HistoryBuilder) => isPaused(goesOn(owner(history, "resume"), "plan"));
  expect(judge(again(paused("command #1")), name).detail).toContain("nobody asked for that");
  const merged = owner(first("command #1"), "pause").freeze(1, 1, "command #1");
  expect(judge(again(merged), name).result).toBe("fail");
  expect(judge(again(first("command #1")), name).result).toBe("pass");
  // Who knows which of two it was that came.
  expect(judge(again(paused("by the operator")), name).result).toBe("pass");
});
