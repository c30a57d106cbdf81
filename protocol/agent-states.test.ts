import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  type AgentEvent,
  type AgentState,
  agentEvents,
  agentStates,
  agentSuccessors,
  agentTransition,
} from "./agent-states.ts";

/**
 * The whole table once more, as a reader of the requirements would write it down (WC-2 to WC-5): where each event
 * leads, `-` for "legal and stays", `!` for "refused". `W/I` is Working with a sandbox and Idle without.
 */
const table: Record<AgentState, Record<AgentEvent, string>> = {
  Enrolling: row("W/I  !        -        -         !       -         Withdrawing !         -"),
  Idle: row("     -    Working  -        -         Paused  -         Withdrawing !         -"),
  Working: row("  -    -        Idle     -         Paused  -         Withdrawing !         -"),
  Paused: row("   -    !        -        -         -       W/I       Withdrawing !         -"),
  Withdrawing: row("-  !        -        !         -       !         -           Withdrawn -"),
  Withdrawn: row("!    !        !        !         !       !         -           -         -"),
};

function row(cells: string): Record<AgentEvent, string> {
  const words = cells.trim().split(/\s+/);
  return Object.fromEntries(agentEvents.map((event, index) => [event, words[index]])) as Record<AgentEvent, string>;
}

const cells = agentStates.flatMap((state) => agentEvents.map((event) => [state, event, table[state][event]] as const));

describe("the agent's transitions", () => {
  test.each(cells)("%s, %s: %s", (state, event, cell) => {
    for (const busy of [true, false]) {
      const transition = agentTransition(state, event, { busy });
      expect(transition.from).toBe(state);
      expect(transition.accepted).toBe(cell !== "!");
      if (!transition.accepted) continue;
      const expected = cell === "-" ? state : cell === "W/I" ? (busy ? "Working" : "Idle") : cell;
      expect(transition.to).toBe(expected);
    }
  });

  test.each(cells.filter(([, , cell]) => cell === "!"))(
    "%s refuses %s by naming both states and a reason",
    (state, event) => {
      const transition = agentTransition(state, event, { busy: false });
      expect(transition).toMatchObject({ accepted: false, from: state, reason: expect.stringMatching(/.{10,}/) });
      expect(agentStates).toContain(transition.accepted ? undefined : transition.wanted);
    },
  );

  test.each(cells.filter(([, , cell]) => cell === "-"))("%s says why %s changes nothing", (state, event) => {
    expect(agentTransition(state, event, { busy: true })).toMatchObject({ reason: expect.stringMatching(/.{10,}/) });
  });

  test("the owner may withdraw in every state, and nothing but a withdrawal ends in Withdrawn (WC-11)", () => {
    for (const state of agentStates) {
      expect(agentTransition(state, "withdrawAsked", { busy: true }).accepted).toBe(true);
      expect(agentSuccessors(state).includes("Withdrawn")).toBe(state === "Withdrawing");
    }
  });

  test("each state's successors are those of the design", () => {
    expect(Object.fromEntries(agentStates.map((state) => [state, agentSuccessors(state)]))).toEqual({
      Enrolling: ["Idle", "Working", "Withdrawing"],
      Idle: ["Working", "Paused", "Withdrawing"],
      Working: ["Idle", "Paused", "Withdrawing"],
      Paused: ["Idle", "Working", "Withdrawing"],
      Withdrawing: ["Withdrawn"],
      Withdrawn: [],
    });
  });

  property.prop([fc.array(fc.tuple(fc.constantFrom(...agentEvents), fc.boolean()), { maxLength: 60 })])(
    "no sequence of events turns a withdrawal back or starts work while paused (I4, I6)",
    (events) => {
      let state: AgentState = "Enrolling";
      let leaving = false;
      for (const [event, busy] of events) {
        const transition = agentTransition(state, event, { busy });
        if (state === "Paused" && event !== "resumeAsked") expect(transition).not.toMatchObject({ to: "Working" });
        if (transition.accepted) state = transition.to;
        leaving ||= state === "Withdrawing";
        if (leaving) expect(["Withdrawing", "Withdrawn"]).toContain(state);
      }
    },
  );
});
