import type * as z from "zod";

import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import { faultKindNames } from "../faults/fault-spec.ts";
import { ownStepNamed, ownStepNames } from "../steps/define-step.ts";
import { factNames } from "../steps/facts.ts";
import { fieldsOf, Step, type StepOf } from "../steps/step.ts";
import { type Problem, unknownField, unknownWord } from "./file-problem.ts";
import { replayProblems } from "./replay-problems.ts";
import { waitProblems } from "./wait-problems.ts";

type Path = readonly PropertyKey[];

/** What is wrong with steps as data: kinds and fields that there are not, and values that a field does not take. */
export class StepProblems {
  readonly #names: readonly string[];
  readonly #timing: Timing;

  /**
   * @param names of the kinds that there are
   * @param timing by which the steps are played
   */
  constructor(names: readonly string[], timing = defaultTiming) {
    this.#names = names;
    this.#timing = timing;
  }

  of(steps: readonly unknown[], path: Path): Problem[] {
    return steps.flatMap((step, index) => this.#ofOne(step, [...path, index]));
  }

  #ofOne(step: unknown, path: Path): Problem[] {
    if (typeof step !== "object" || step === null || !("step" in step)) {
      return [{ path, message: "this is no step: a step is an object with the field `step`" }];
    }
    const name = step.step;
    if (typeof name !== "string" || !this.#names.includes(name)) {
      const word = String(name);
      return [
        {
          path: [...path, "step"],
          text: word,
          message: unknownWord("step", word, [...this.#names, ...ownStepNames()]),
        },
      ];
    }
    // First what it holds, so that what is wrong is told of the innermost step.
    const nested = this.#ofNested(step, path);
    if (nested.length > 0) return nested;
    const issues = Step.safeParse(step).error?.issues ?? [];
    const problems = issues.flatMap((issue) => problemsOf(issue, { path, name, step }));
    if (problems.length > 0) return problems;
    if (name === "kill-broker") return replayProblems(step as StepOf<"kill-broker">, { path, timing: this.#timing });
    if (name === "wait-until") return waitProblems(step as StepOf<"wait-until">, path);
    return name === "own" ? ownProblems(step, path) : [];
  }

  #ofNested(step: object, path: Path): Problem[] {
    return Object.entries(step).flatMap(([field, value]: [string, unknown]) => {
      if (!Array.isArray(value) || !["steps", "meanwhile", "branches"].includes(field)) return [];
      if (field !== "branches") return this.of(value, [...path, field]);
      return value.flatMap((branch: unknown, index) =>
        Array.isArray(branch) ? this.of(branch, [...path, field, index]) : [],
      );
    });
  }
}

/** The fields whose word says which others there are. */
const kinds: Readonly<Record<string, { readonly is: string; readonly names: readonly string[] } | undefined>> = {
  fact: { is: "fact", names: factNames },
  kind: { is: "fault", names: faultKindNames },
};

function problemsOf(
  issue: z.core.$ZodIssue,
  { path, name, step }: { readonly path: Path; readonly name: string; readonly step: object },
): Problem[] {
  const at = [...path, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? fieldsOf(name) : [];
    return issue.keys.map((key) => {
      return { path: [...at, key], text: key, message: unknownField(`the step "${name}"`, key, known) };
    });
  }
  const where = issue.path.length === 0 ? "" : `, ${issue.path.join(".")}`;
  const kind = issue.code === "invalid_union" ? kinds[String(issue.path.at(-1))] : undefined;
  if (kind !== undefined) {
    const word = String(valueAt(step, issue.path));
    return [{ path: at, text: word, message: unknownWord(kind.is, word, kind.names) }];
  }
  if (issue.code === "invalid_value") {
    const word = valueAt(step, issue.path);
    const words = issue.values.filter((value) => typeof value === "string");
    if (typeof word === "string" && words.length > 0) {
      const list = name === "wait-until" && where === ", event" ? " (`scenarios events` lists them)" : "";
      const message = `the step "${name}"${where}: ${unknownWord("value", word, words)}${list}`;
      return [{ path: at, text: word, message }];
    }
  }
  return [{ path: at, message: `the step "${name}"${where}: ${issue.message}` }];
}

function valueAt(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  return valueAt((value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], rest);
}

function ownProblems(step: object, path: Path): Problem[] {
  const { name, parameters } = step as { name: string; parameters?: unknown };
  const definition = ownStepNamed(name);
  if (definition === undefined) {
    return [{ path: [...path, "name"], text: name, message: unknownWord("step of your own", name, ownStepNames()) }];
  }
  const issues = definition.parameters?.safeParse(parameters).error?.issues ?? [];
  return issues.map((issue) => {
    const where = issue.path.length === 0 ? "" : `, ${issue.path.join(".")}`;
    return { path: [...path, "parameters", ...issue.path], message: `the step "${name}"${where}: ${issue.message}` };
  });
}
