import { existsSync } from "node:fs";

import { historyEnd } from "../../reports/figures/history-span.ts";
import { findRun } from "../../reports/runs/run-directory.ts";
import { readRun } from "../../reports/runs/read-run.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { toneOf, verdictMarks, verdictTones, wordOf } from "../../reports/summary/headline.ts";
import { duration, wholeNumber } from "../../reports/text/duration.ts";
import { faint, type Line, type Piece, renderLines, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import type { RunVerdict, Verdict } from "../../protocol/verdict.ts";
import { scenarioGlobs } from "../loading/read-config.ts";
import { scenariosAmong } from "../loading/scenario-set.ts";
import { type Recheck, recheck, type Rechecked } from "../recheck.ts";
import type { Scenario } from "../steps/scenario.ts";

export interface RecheckFlags {
  readonly runs: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `scenarios recheck RUN`; exits as the run itself would, by what its checkers say now. */
export async function recheckCommand(wanted: string, flags: RecheckFlags): Promise<number> {
  const stored = readRun(findRun(wanted, flags.runs, "--runs"));
  const scenarios = await scenariosOf(stored.verdict, flags);
  const beganAt = performance.now();
  const judged = recheck(stored, scenarios);
  const tookMs = performance.now() - beganAt;
  const output = streamOutput(process.stdout);
  if (flags.json === true) {
    const { verdict, expectations, exitCode } = judged;
    output.write(
      `${JSON.stringify({ version: 1, run: verdict.run, exitCode, expectations, verdict }, undefined, 2)}\n`,
    );
    return judged.exitCode;
  }
  const { history, altered } = stored;
  const first = history[0]?.at ?? 0;
  output.write(
    renderLines(
      [
        ...headLines(judged, stored.verdict.exitCode),
        [
          faint(
            `  ${wholeNumber(history.length)} events over ${duration(historyEnd(history) - first)}, judged in ${duration(tookMs)}`,
          ),
        ],
        ...(altered === undefined ? [] : [["  ", tinted(altered, "doubt")]]),
        [],
        ...rows(judged.expectations),
      ],
      output,
    ),
  );
  return judged.exitCode;
}

/** With the user's own, among which the run's may be; it says itself in which file that was. */
async function scenariosOf({ options, scenario }: RunVerdict, { config }: RecheckFlags): Promise<readonly Scenario[]> {
  const { file } = options;
  const files = typeof file === "string" && existsSync(file) ? [file] : [];
  return await scenariosAmong([scenario], { ...(await scenarioGlobs(config)), files, whole: true });
}

function headLines({ verdict, exitCode, expectations }: Recheck, was: number): Line[] {
  const changed = expectations.filter(({ before, now }) => before !== now).length;
  const tone = toneOf({ exitCode });
  const look = { good: "headlineGood", bad: "headlineBad", doubt: "headlineDoubt" } as const;
  const same = changed === 0 ? "judged as before" : `${changed} judged otherwise than before`;
  return [
    [
      tinted(` ${wordOf({ exitCode })} `, look[tone]),
      `  ${printable(verdict.run)}`,
      faint(`  ${same}${was === exitCode ? "" : `; was ${wordOf({ exitCode: was })}`}`),
    ],
  ];
}

function rows(expectations: readonly Rechecked[]): Line[] {
  const width = Math.max(0, ...expectations.map(({ id }) => id.length));
  return expectations.map(({ id, before, now, detail }): Line => {
    const mark: Piece = now === null ? faint("-") : tinted(verdictMarks[now], verdictTones[now]);
    const was = before === now ? "" : `was ${word(before)}, is ${word(now)}: `;
    return ["  ", mark, `  ${id.padEnd(width)}  `, was, faint(printable(detail))];
  });
}

const word = (verdict: Verdict | null): string => verdict ?? "not judged";
