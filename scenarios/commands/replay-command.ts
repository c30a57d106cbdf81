import type { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { createReporter } from "../../reports/create-reporter.ts";
import { fileOutput } from "../../reports/file-output.ts";
import { streamOutput } from "../../reports/stream-output.ts";
import { wordOf } from "../../reports/summary/headline.ts";
import { duration, wholeNumber } from "../../reports/text/duration.ts";
import { faint, type Line, renderLines, tinted } from "../../reports/text/line.ts";
import { printable } from "../../reports/text/printable.ts";
import { heal, type HealedRun } from "../heal.ts";
import { otherRunsWarning } from "../other-runs.ts";
import { storyLines } from "../simulating/campaign-text.ts";
import { planLines, stepLines } from "../simulating/describe-plan.ts";
import { readPlan } from "../simulating/plan-file.ts";
import { type Replayed, replayStageNamed } from "../simulating/replay-stages.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import { checkOnHost, takenLoosely } from "../stages/host/not-on-host.ts";
import { exitCodeTold } from "./exit-code-told.ts";
import { tellHealed } from "./heal-command.ts";

export interface ReplayFlags {
  readonly stage: string;
  readonly json?: boolean;
  readonly history?: string;
  readonly runs: string;
}

const stepsShownMax = 20;
const historyBufferLength = 64 * 1_024;

/**
 * `scenarios replay FILE`: exit 1 when the plan breaks an invariant, 0 when it does not (any more); on a real host also
 * whatever else a run there can end with.
 */
export async function replayCommand(file: string, flags: ReplayFlags): Promise<number> {
  const replay = replayStageNamed(flags.stage);
  const plan = readPlan(file);
  let healed: readonly HealedRun[] = [];
  if (flags.stage === "host") {
    checkOnHost(plan);
    ({ healed } = await heal(flags.runs));
    tellHealed(healed, (text) => process.stderr.write(text));
    process.stderr.write(otherRunsWarning(flags.runs) ?? "");
  }
  const output = streamOutput(process.stdout);
  const tell = (lines: readonly Line[]) => {
    if (flags.json === true) return;
    output.write(renderLines(lines, { columns: Number.POSITIVE_INFINITY, color: output.color }));
  };
  tell([
    [tinted(`Plan ${printable(file)}`, "strong"), faint(` · seed ${printable(plan.seed)} · profile ${plan.profile}`)],
    ...planLines(plan, output.columns),
    ...stepLines(plan, stepsShownMax),
    ...(flags.stage === "host" ? looseLines(plan) : []),
  ]);
  const history = flags.history === undefined ? null : openHistory(flags.history);
  const reporters = flags.json === true ? [] : [createReporter("line", output)];
  let replayed: Replayed;
  let unwritten: UsageError | null = null;
  try {
    replayed = await replay(plan, {
      observe: history?.keep ?? null,
      runs: flags.runs,
      reporters,
      reproduce: `npx scenarios replay ${file} --stage ${flags.stage}`,
    });
  } finally {
    for (const reporter of reporters) reporter.close();
    unwritten = history?.close() ?? null;
  }
  const { failure, figures } = replayed;
  const ended = replayed.exitCode ?? (failure === null ? ExitCode.pass : ExitCode.fail);
  const leftOpen = healed.some((run) => run.notUndone.length > 0);
  const judged = leftOpen && ended !== ExitCode.harnessBug ? ExitCode.notUndone : ended;
  tell(verdictLines(plan, replayed, judged));
  const exitCode = exitCodeTold(judged, unwritten === null ? [] : [unwritten]);
  if (flags.json === true) {
    const { seed, profile, shows } = plan;
    const told = { file, seed, profile, stage: flags.stage, shows: shows ?? null, failure, figures, exitCode };
    output.write(`${JSON.stringify(told, undefined, 2)}\n`);
  }
  return exitCode;
}

/** What real processes do not do to the letter. */
function looseLines(plan: Plan): Line[] {
  const loosely = takenLoosely(plan);
  return loosely.length === 0 ? [] : [[tinted("On the host", "strong"), `  ${loosely.join("; ")}`]];
}

function verdictLines({ shows }: Plan, { failure, figures }: Replayed, exitCode: number): Line[] {
  const told = Object.entries(figures).map(([name, value]) => figureWords(name, value));
  const end: Line = [faint(`  ${told.join(" · ")}`)];
  if (failure === null && exitCode !== ExitCode.pass) {
    return [
      [tinted(` ${wordOf({ exitCode })} `, "headlineDoubt"), " Whether anything was violated cannot be told."],
      end,
    ];
  }
  if (failure === null) {
    const gone =
      shows === undefined ? "Nothing was violated." : `${shows.invariant}, which it shows, was not violated any more.`;
    return [[tinted(" PASS ", "headlineGood"), ` ${gone}`], end];
  }
  const other = shows !== undefined && shows.invariant !== failure.invariant;
  return [
    [
      tinted(" FAIL ", "headlineBad"),
      " ",
      tinted(failure.invariant, "strong"),
      other ? `, and not ${shows.invariant}, which it was written down for` : " was violated",
    ],
    ...storyLines(failure),
    end,
  ];
}

function figureWords(name: string, value: string | number): string {
  if (name === "virtualMs") return `${duration(Number(value))} of virtual time`;
  return typeof value === "number" ? `${wholeNumber(value)} ${name}` : `${name} ${value}`;
}

/** One JSON object a line; written in pieces, because a long run's history does not fit into memory. */
function openHistory(path: string): { keep: (record: HistoryRecord) => void; close: () => UsageError | null } {
  const output = fileOutput(path, { name: "history", code: "history-file" });
  let buffer = "";
  const flush = () => {
    output.write(buffer);
    buffer = "";
  };
  return {
    keep(record) {
      buffer += `${JSON.stringify(record)}\n`;
      if (buffer.length >= historyBufferLength) flush();
    },
    close() {
      flush();
      return output.close();
    },
  };
}
