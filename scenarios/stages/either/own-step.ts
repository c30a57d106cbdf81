import * as z from "zod";

import { messageOf, UsageError } from "../../../foundation/errors.ts";
import { type OwnStep, ownStepNamed } from "../../steps/define-step.ts";
import { judgeFact, type Looks } from "../../steps/judge-fact.ts";
import type { Nested } from "../../steps/play-steps.ts";
import type { StepOf } from "../../steps/step.ts";
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

/** What both stages give such a step. */
export function givenOn(
  stage: AnyStage & { readonly agents: ReadonlyMap<string, unknown> },
  { looks, nested }: { readonly looks: Looks; readonly nested: Nested },
): Omit<HostStepStage, "kind" | "signal" | "directory" | "brokerUrl" | "agent" | "undo"> {
  let played = 0;
  return {
    nowMs: () => stage.nowMs,
    history: stage.records,
    agents: () => [...stage.agents.keys()],
    pass: (forMs) => stage.pass(forMs),
    look: (fact) => judgeFact(looks, fact),
    async play(...steps) {
      played += 1;
      await nested.play(steps, [played - 1]);
    },
  };
}

/** Calls it; whatever it throws is the run's failure, and no bug of the harness's. */
export async function callOwn(name: string, call: () => Promise<string | void> | string | void): Promise<string> {
  try {
    return (await call()) ?? "";
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new StepError(`The step "${name}" failed: ${messageOf(error)}`, {
      code: "own-step-failed",
      next: "It is a step of the scenario's author.",
      cause: error,
    });
  }
}
