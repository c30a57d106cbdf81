import * as z from "zod";

import { type Problem, unknownField } from "./file-problem.ts";

/** What a schema has against a value; of a field that it does not know, which one was meant. @param what "a scenario" */
export function issueProblems(
  schema: z.ZodObject,
  value: unknown,
  { path = [], what }: { readonly path?: readonly PropertyKey[]; readonly what: string },
): Problem[] {
  const parsed = schema.safeParse(value);
  return (parsed.error?.issues ?? []).flatMap((issue): Problem[] => {
    const at = [...path, ...issue.path];
    const field = issue.path.join(".");
    if (issue.code !== "unrecognized_keys") {
      return [{ path: at, message: `${field === "" ? what : field}: ${issue.message}` }];
    }
    const known = Object.keys(inner(schema, issue.path)?.shape ?? {});
    const owner = field === "" ? what : `${field} of ${what}`;
    return issue.keys.map((key) => ({ path: [...at, key], text: key, message: unknownField(owner, key, known) }));
  });
}

/** The schema of a part, where that is an object too. */
function inner(schema: z.ZodObject, path: readonly PropertyKey[]): z.ZodObject | undefined {
  let part: unknown = schema;
  for (const key of path) {
    part = part instanceof z.ZodObject ? part.shape[String(key)] : undefined;
    if (part instanceof z.ZodOptional) part = part.unwrap();
  }
  return part instanceof z.ZodObject ? part : undefined;
}
