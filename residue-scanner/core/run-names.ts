import type { AttributionContext } from "./attribution-context.ts";
import { toBytePath } from "./path-text.ts";

/** Names that only the run uses. A short one could stand anywhere by chance. */
export function runNames(context: AttributionContext): string[] {
  const charactersMin = 8;
  return [context.runId, ...(context.identifiers ?? [])].filter((name) => name.length >= charactersMin);
}

/** The first of them that stands in a text, one character a byte. */
export function namesIn(text: string, context: AttributionContext): string | undefined {
  return runNames(context).find((name) => text.includes(toBytePath(name)));
}
