import { inspect } from "node:util";

import * as z from "zod";

import { HouseguestError, messageOf, UsageError } from "../../../foundation/errors.ts";
import { type OwnStep, ownStepNamed } from "../../steps/define-step.ts";
import { judgeFact, type Looks } from "../../steps/judge-fact.ts";
import { StepProblems } from "../../loading/step-problems.ts";
import type { Nested } from "../../steps/play-steps.ts";
import { type StepOf, stepNames } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStepStage } from "../../steps/step-stage.ts";
import type { AnyStage } from "./any-stage.ts";

/**
 * The definition that a step names, and its parameters as that one takes them.
 *
 * @throws UsageError `unknown-step` or `bad-parameters`
 */
export function ownStepOf({ name, parameters }: StepOf<"own">): { definition: OwnStep; parameters: unknown } {
  const definition = ownStepNamed(name);
  const next = "Define it with `defineStep`, in the scenario's file or in one that it imports.";
  if (definition === undefined) throw new UsageError(`No step is named "${name}".`, { code: "unknown-step", next });
  if (definition.parameters === undefined) return { definition, parameters: undefined };
  const parsed = definition.parameters.safeParse(parameters);
  if (parsed.success) return { definition, parameters: parsed.data };
  throw new UsageError(`The step "${name}" does not take that: ${z.prettifyError(parsed.error)}.`, {
    code: "bad-parameters",
    next: "Mend the scenario's steps.",
  });
}

/** What such a step is given, and what it has not waited for. */
interface Given {
  readonly stage: Omit<HostStepStage, "kind" | "signal" | "directory" | "brokerUrl" | "agent" | "undo">;
  /** What it plays and lets pass, and that is not over. */
  readonly underWay: ReadonlyMap<Promise<void>, "play" | "pass">;
}

/** What both stages give such a step. */
export function givenOn(
  stage: AnyStage & { readonly agents: ReadonlyMap<string, unknown> },
  { looks, nested }: { readonly looks: Looks; readonly nested: Nested },
): Given {
  let played = 0;
  const underWay = new Map<Promise<void>, "play" | "pass">();
  const during = (what: "play" | "pass", work: () => Promise<void>): Promise<void> => {
    const going = work().finally(() => underWay.delete(going));
    underWay.set(going, what);
    return going;
  };
  const given: Given["stage"] = {
    nowMs: () => stage.nowMs,
    history: stage.records,
    agents: () => [...stage.agents.keys()],
    pass: (forMs) => during("pass", () => pass(stage, forMs)),
    look: (fact) => judgeFact(looks, fact),
    play: (...steps) => {
      played += 1;
      const place = [played - 1];
      return during("play", async () => {
        demandSteps(steps);
        await nested.play(steps, place);
      });
    },
  };
  return { stage: given, underWay };
}

/** Calls it; whatever it throws is the run's failure, and no bug of the harness's. */
export async function callOwn(
  name: string,
  { underWay }: Given,
  call: () => Promise<string | void> | string | void,
): Promise<string> {
  let said: unknown;
  try {
    said = await call();
  } catch (error) {
    // What a step that it plays failed of, and why the run is to end, speak for themselves.
    if (error instanceof HouseguestError) throw error;
    throw failed(name, messageOf(error), error);
  } finally {
    // How these end is nobody's any more. One that failed before and was not waited for is an error of the run's.
    for (const going of underWay.keys()) going.catch(() => undefined);
  }
  // What nobody waits for goes on beside the steps that follow.
  if ([...underWay.values()].includes("play")) {
    throw failed(name, "it ended while steps that it plays were under way: `await stage.play(…)`");
  }
  if (said === undefined || typeof said === "string") return said ?? "";
  throw failed(name, `it is to return what came of it in words, or nothing, and returned ${inspect(said)}`);
}

/** A number that says nothing of when would be waited out for ever. */
async function pass(stage: AnyStage, forMs: number): Promise<void> {
  if (typeof forMs !== "number" || !(forMs >= 0 && forMs < Infinity)) {
    throw new Error(`stage.pass takes milliseconds from 0, and was given ${inspect(forMs)}`);
  }
  await stage.pass(forMs);
}

/** The steps of a plan were looked at when it was loaded; these come from a program while it runs. */
function demandSteps(steps: readonly unknown[]): void {
  const problem = new StepProblems(stepNames).of(steps, []).at(0);
  if (problem !== undefined) throw new Error(`stage.play was given what is no step: ${problem.message}`);
}

function failed(name: string, why: string, cause?: unknown): StepError {
  return new StepError(`The step "${name}" failed: ${why}${/[.!?]$/.test(why) ? "" : "."}`, {
    code: "own-step-failed",
    next: "It is a step of the scenario's author.",
    cause,
  });
}
