import type { Failure } from "../outcome.ts";

/**
 * What two failures share when they are the same trouble: the kind and the invariant, and for a crash, where every
 * broken assert goes by one name, also what it said, but for ids and figures.
 */
export function failureKey({ kind, invariant, story }: Failure): string {
  const said = kind === "crash" ? (story[0] ?? "").replaceAll(/[\da-f-]{6,}|\d+/g, "#") : "";
  return `${kind} ${invariant} ${said}`;
}
