import type { CorpusItem } from "./item.ts";

/**
 * What the job and somebody else do in the same way at the same time. In its scripts and traces stand for either of them
 * `@X` a name, `@V` a short one, `@W` a number, and `@1` to `@9` the end of an address.
 */
export interface Pair {
  readonly name: string;
  readonly what: string;
  readonly needs?: readonly string[];
  readonly before?: string;
  readonly act: string;
  readonly undo: string;
  readonly traces: CorpusItem["traces"];
  /** Why nothing can tell which of the two it was (`CorpusItem.sharedBecause`). */
  readonly shared?: string;
}

function fill(text: string, side: "job" | "other"): string {
  const base = side === "job" ? 131 : 191;
  return text
    .replaceAll("@X", side === "job" ? "$T" : "$N")
    .replaceAll("@V", side === "job" ? "hgv$B" : "hgw$B")
    .replaceAll("@W", side === "job" ? "$B" : "$C")
    .replace(/@(\d+)/g, (_, digits: string) => String(base + Number(digits)));
}

export function itemOf(pair: Pair, side: "job" | "other"): CorpusItem {
  const { name, what, needs, before, act, undo, traces, shared } = pair;
  return {
    name: side === "job" ? `y-${name}` : `by-${name}`,
    what: side === "job" ? what : `${what}, by somebody else`,
    ...(needs === undefined ? {} : { needs }),
    ...(before === undefined ? {} : { before: fill(before, side) }),
    act: fill(act, side),
    undo: fill(undo, side),
    ...(side === "other" && shared !== undefined ? { sharedBecause: shared } : {}),
    traces: traces.map((trace) => ({ ...trace, text: fill(trace.text, side) })),
  };
}
