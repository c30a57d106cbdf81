import type { Outcome } from "../../protocol/suite.ts";
import type { Tone } from "../text/line.ts";

/** How each outcome of an entry looks, worst first, in the order in which a summary counts them. */
export const outcomeLooks: Readonly<
  Record<Outcome, { readonly mark: string; readonly word: string; readonly tone: Tone }>
> = {
  "harness-bug": { mark: "✗", word: "harness bug", tone: "bad" },
  "not-undone": { mark: "✗", word: "not undone", tone: "bad" },
  failed: { mark: "✗", word: "failed", tone: "bad" },
  refused: { mark: "✗", word: "refused", tone: "bad" },
  interrupted: { mark: "?", word: "interrupted", tone: "doubt" },
  unknown: { mark: "?", word: "unknown", tone: "doubt" },
  flaky: { mark: "±", word: "flaky", tone: "doubt" },
  skipped: { mark: "-", word: "skipped", tone: "doubt" },
  "not-run": { mark: "-", word: "not run", tone: "faint" },
  passed: { mark: "✓", word: "passed", tone: "good" },
};
