import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResidueVerdict } from "../../protocol/residue-report.ts";
import type { RunVerdict, Verdict } from "../../protocol/verdict.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted, type Tone } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import type { Section } from "./run-view.ts";
import { firstTrouble } from "./trouble.ts";

/** The verdict in one line, and for a run that did not pass the first reason in a sentence. */
export const headline: Section = ({ verdict }, width) => {
  const word = wordOf(verdict);
  const lines: Line[] = [
    [
      tinted(` ${word} `, headlineTones[toneOf(verdict)]),
      "  ",
      tinted(verdict.scenario, "strong"),
      `  ${duration(Math.max(0, verdict.endedAt - verdict.startedAt))}`,
      faint("  ·  "),
      ...residueWords(verdict),
      ...(verdict.cleanUp.result === "pass" ? [] : [faint("  ·  "), tinted("clean-up unfinished", "bad")]),
    ],
  ];
  const trouble = firstTrouble(verdict);
  if (trouble === undefined) return lines;
  return [...lines, ...wrap(trouble, width - 2).map((text): Line => ["  ", tinted(text, toneOf(verdict))])];
};

/** One word for the whole run, by its exit code. */
export function wordOf({ exitCode }: Pick<RunVerdict, "exitCode">): string {
  return endings.get(exitCode)?.word ?? `EXIT ${exitCode}`;
}

export function toneOf({ exitCode }: Pick<RunVerdict, "exitCode">): "good" | "bad" | "doubt" {
  return endings.get(exitCode)?.tone ?? "bad";
}

const endings = new Map<number, { word: string; tone: "good" | "bad" | "doubt" }>([
  [ExitCode.pass, { word: "PASS", tone: "good" }],
  [ExitCode.fail, { word: "FAIL", tone: "bad" }],
  [ExitCode.unknown, { word: "UNKNOWN", tone: "doubt" }],
  [ExitCode.notUndone, { word: "NOT UNDONE", tone: "bad" }],
  [ExitCode.usage, { word: "NOT RUN", tone: "bad" }],
  [ExitCode.harnessBug, { word: "HARNESS BUG", tone: "bad" }],
  [ExitCode.interrupted, { word: "INTERRUPTED", tone: "doubt" }],
]);

const headlineTones = { good: "headlineGood", bad: "headlineBad", doubt: "headlineDoubt" } as const;

/** How each residue verdict looks, here and in the list of runs. */
export const residueTones: Record<ResidueVerdict, Tone> = {
  clean: "good",
  partial: "doubt",
  residue: "bad",
  unknown: "doubt",
};

export const verdictTones: Record<Verdict, Tone> = { pass: "good", fail: "bad", unknown: "doubt" };

export const verdictMarks: Record<Verdict, string> = { pass: "✓", fail: "✗", unknown: "?" };

function residueWords({ residue, stage }: RunVerdict): Piece[] {
  if (stage === "sim") return ["in virtual time"];
  if (residue === null) return ["residue ", tinted("not read", "doubt")];
  const count = residue.findings.length;
  const word = tinted(residue.verdict, residueTones[residue.verdict]);
  if (residue.verdict === "residue") return [word, ` (${count === 1 ? "1 finding" : `${count} findings`})`];
  return ["residue ", word];
}
