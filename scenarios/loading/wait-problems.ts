import type * as z from "zod";

import { nearest } from "../../foundation/nearest.ts";
import { historyEvents } from "../../protocol/history.ts";
import type { StepOf } from "../steps/step.ts";
import { type Problem, unknownField } from "./file-problem.ts";

type Path = readonly PropertyKey[];

/** What is wrong with what a record is to hold: fields that the event does not have, and values that never stand there. */
export function waitProblems({ event, where = {} }: StepOf<"wait-until">, path: Path): Problem[] {
  const fields: Readonly<Record<string, z.ZodType>> = historyEvents[event].shape;
  return Object.entries(where).flatMap(([name, value]): Problem[] => {
    const at = [...path, "where", name];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      return [{ path: at, text: name, message: unknownField(`the event "${event}"`, name, Object.keys(fields)) }];
    }
    const [issue] = field.safeParse(value).error?.issues ?? [];
    if (issue === undefined) return [];
    const words = "values" in issue ? issue.values.filter((one) => typeof one === "string") : [];
    const meant = typeof value === "string" ? nearest(value, words) : undefined;
    const why = meant === undefined ? issue.message : `did you mean "${meant}"?`;
    return [{ path: at, message: `${name} of the event "${event}" is never ${JSON.stringify(value)}: ${why}` }];
  });
}
