import { messageOf } from "../../foundation/errors.ts";
import type { HistoryData } from "../../protocol/history.ts";
import { NotApplicable } from "./not-applicable.ts";
import { type Step, stepTitle } from "./step.ts";
import { asStepError } from "./step-error.ts";

/** How the steps that a step holds are played. */
export interface Nested {
  /**
   * Plays a list of them, one after the other.
   *
   * @param place where the list stands in its step: of which branch, of which round; from 0
   * @param goesOn asked before each: whether it is to begin at all
   */
  play(steps: readonly Step[], place: readonly number[], goesOn?: () => boolean): Promise<void>;
}

export interface StepPlayer {
  record(type: "step.begin", data: HistoryData<"step.begin">): void;
  record(type: "step.end", data: HistoryData<"step.end">): void;
  /** Before each step; throws when the run is not to go on. */
  before(): Promise<void>;
  /** Carries out one step and says in words what came of it. */
  perform(step: Step, nested: Nested): Promise<string>;
}

/**
 * Plays the steps of a plan. The history has the beginning and the end of each; of one that another holds with its
 * `path`, the numbers that lead to it.
 */
export async function playSteps(steps: readonly Step[], player: StepPlayer): Promise<void> {
  for (const [index, step] of steps.entries()) await playStep(step, { player, index, path: [index + 1] });
}

interface Place {
  readonly player: StepPlayer;
  /** Of the plan's own step, from 0. */
  readonly index: number;
  /** From 1, as people count. */
  readonly path: readonly number[];
}

async function playStep(step: Step, { player, index, path }: Place): Promise<void> {
  await player.before();
  const which = { index, step: step.step, ...(path.length > 1 ? { path: path.join(".") } : {}) };
  player.record("step.begin", { ...which, title: stepTitle(step) });
  const nested: Nested = {
    async play(steps, place, goesOn = () => true) {
      for (const [position, inner] of steps.entries()) {
        if (!goesOn()) return;
        const innerPath = [...path, ...place.map((number) => number + 1), position + 1];
        await playStep(inner, { player, index, path: innerPath });
      }
    },
  };
  let detail: string;
  try {
    detail = await player.perform(step, nested);
  } catch (error) {
    if (error instanceof NotApplicable) {
      player.record("step.end", { ...which, outcome: "not-applicable", detail: messageOf(error) });
      return;
    }
    player.record("step.end", { ...which, outcome: "failed", detail: messageOf(error) });
    throw asStepError(error, step.step);
  }
  player.record("step.end", { ...which, outcome: "done", detail });
}
