import type { Attribution } from "./process-attribution.ts";

/** The same attribution, with what leads there from what was asked for. */
export function through({ to, evidence }: Attribution, detail: string): Attribution {
  const [first, ...rest] = evidence;
  if (first === undefined) return { to, evidence };
  return { to, evidence: [{ kind: first.kind, detail: `${detail}: ${first.detail}` }, ...rest] };
}
