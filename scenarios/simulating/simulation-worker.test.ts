import { describe, expect, it } from "vitest";

import { planFor } from "../simulator/plan/profiles.ts";
import { simulate } from "../simulator/simulate.ts";
import { ShrinkBoard } from "./shrink-board.ts";
import { runSeeds, shrinkFailure } from "./simulation-worker.ts";

const dayMs = 86_400_000;

/** Messages take a day each way, and there is a moment to come to an end in. */
function latePlan() {
  const plan = planFor({ seed: "late", profile: "calm", minutes: 1 });
  return { ...plan, options: { ...plan.options, latencyMsMin: dayMs, latencyMsMax: dayMs, livenessMs: 1 } };
}

function shrinkLatePlan(board: ShrinkBoard) {
  const plan = latePlan();
  const { failure } = simulate(plan);
  if (failure === null) throw new Error("the plan does not fail");
  return shrinkFailure({ plan, failure, runsMax: 500, forMsMax: 20_000, board: board.shared });
}

describe("a worker thread", () => {
  it("answers in plain data that another thread can be sent", () => {
    const seeds = ["one", "two"];
    const answer = runSeeds({ seeds, wishes: { profile: "calm", minutes: 1 }, stopAtFailure: false });
    expect(structuredClone(answer)).toEqual(answer);
    expect(answer.results.map(({ seed }) => seed)).toEqual(seeds);
  });

  it("shrinks a failure and says on the board how far it is", () => {
    const board = new ShrinkBoard();
    const { plan, failure, runs } = shrinkLatePlan(board);
    expect(plan.steps.length).toBeLessThan(latePlan().steps.length);
    expect(plan.shows).toEqual({ invariant: failure?.invariant, story: failure?.story });
    expect(board.read()).toMatchObject({ steps: plan.steps.length, choices: 0 });
    expect(runs).toBeGreaterThan(1);
  });

  it("stops with what it has when the board says so", () => {
    const board = new ShrinkBoard();
    board.stop();
    expect(shrinkLatePlan(board)).toMatchObject({ runs: 1, plan: { tape: "seeded" } });
  });
});
