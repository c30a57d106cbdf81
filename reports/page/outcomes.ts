import { outcomeLooks } from "../suite/outcome-look.ts";
import type { StoredOutcome } from "./page-data.ts";

/** How each outcome of a stored run is called. */
export const outcomeWords = {
  ...(Object.fromEntries(Object.entries(outcomeLooks).map(([outcome, { word }]) => [outcome, word])) as Record<
    keyof typeof outcomeLooks,
    string
  >),
  ...{ running: "running", "no-verdict": "no verdict" },
} satisfies Record<StoredOutcome, string>;

export function toneOfOutcome(outcome: StoredOutcome): "good" | "bad" | "doubt" | "faint" {
  if (outcome === "running" || outcome === "no-verdict") return "doubt";
  const { tone } = outcomeLooks[outcome];
  return tone === "good" || tone === "bad" || tone === "doubt" ? tone : "faint";
}
