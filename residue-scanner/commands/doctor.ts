import { ExitCode } from "../../foundation/exit-codes.ts";
import type { RecorderStatus, ResidueVerdict } from "../../protocol/residue-report.ts";
import type { SurfaceReading } from "../core/fact.ts";
import { judgeResidue } from "../core/verdict.ts";
import { fitLines, type Paint, painter } from "../render.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { startRecorder } from "../watch/recorder.ts";
import { type Abandoned, findAbandoned } from "./abandoned.ts";
import { withLiveLine } from "./live-line.ts";
import { formOf } from "./output.ts";
import { RunCgroup } from "./run-cgroup.ts";

export interface DoctorCommandOptions {
  readonly json?: boolean;
}

/** What this user can see of this host, and what would show more. */
interface Diagnosis {
  readonly user: number | null;
  readonly collectors: readonly (Pick<SurfaceReading, "status" | "detail" | "facts" | "durationMs"> & {
    readonly surface: string;
    readonly advice: string;
  })[];
  readonly recorder: readonly (RecorderStatus & { readonly advice: string })[];
  /** How the watched command is told from others. */
  readonly cgroup: { readonly status: "done" | "not-permitted"; readonly detail: string };
  /** What killed scanners of this user left, which the next `run` removes. */
  readonly abandoned: readonly Abandoned[];
  /** The verdict of a run that finds nothing. */
  readonly best: ResidueVerdict;
}

/**
 * `residue doctor`: reads the host once and records for that long, and says what could be seen.
 *
 * @returns 0 when a run can be called clean, else 2
 */
export async function doctorCommand(options: DoctorCommandOptions, signal: AbortSignal): Promise<ExitCode> {
  const diagnosis = await withLiveLine("Looking at what can be seen", () => diagnose(signal));
  const { columns, color } = formOf(process.stdout);
  const text =
    options.json === true
      ? `${JSON.stringify(diagnosis, null, 2)}\n`
      : fitLines(diagnosisLines(diagnosis, painter(color)), columns);
  process.stdout.write(text);
  return diagnosis.best === "clean" ? ExitCode.pass : ExitCode.unknown;
}

async function diagnose(signal: AbortSignal): Promise<Diagnosis> {
  const recorder = await startRecorder();
  try {
    const { surfaces } = await takeSnapshot({ signal });
    const probe = RunCgroup.create(`doctor-${process.pid}`);
    await probe?.remove();
    const { sources } = await recorder.stop();
    return {
      user: process.geteuid?.() ?? null,
      collectors: surfaces.map((reading) => ({ ...reading, advice: adviceFor(reading) })),
      recorder: sources.map((source) => ({ ...source, advice: adviceFor(source) })),
      cgroup: probe === null ? { status: "not-permitted", detail: noCgroup } : { status: "done", detail: "" },
      abandoned: findAbandoned(),
      best: judgeResidue({
        findings: 0,
        surfaces: surfaces.map((reading) => ({ ...reading, factsBefore: reading.facts, factsAfter: reading.facts })),
        recorder: sources,
      }),
    };
  } finally {
    await recorder.close();
  }
}

/** No surface, and no evidence that has to be there: the command's processes are known by descent as well. */
const noCgroup =
  "no cgroup v2 that this user may write to: a command's processes are known by their descent and environment";

/** What would show more; empty where nothing is hidden. */
function adviceFor({ status, detail }: { readonly status: string; readonly detail: string }): string {
  if (status === "done") return "";
  if (process.platform !== "linux") return "Only Linux is seen in full.";
  if (process.geteuid?.() !== 0) return "Run it as root: sudo residue …";
  if (/PID namespace/.test(detail)) return "Run it on the host itself, not in a container.";
  if (/EPERM|EACCES|not permitted|lockdown/.test(detail)) {
    return "Root is not enough here: give it CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE.";
  }
  if (/built without tracing/.test(detail)) return "It takes another kernel; --no-recorder is partial, not unknown.";
  if (/tracefs|tracing/.test(detail)) return "Mount it: mount -t tracefs tracefs /sys/kernel/tracing";
  if (status === "lost" || status === "failed") return "Try again; if it stays, please report it with this output.";
  return "What it names cannot be seen on this host; a verdict is partial at best.";
}

const marks = { done: "ok", partial: "part", "not-permitted": "no", off: "no", lost: "lost", failed: "lost" } as const;
const styles = {
  done: "green",
  partial: "yellow",
  "not-permitted": "yellow",
  off: "yellow",
  lost: "magenta",
  failed: "magenta",
} as const;

function diagnosisLines(diagnosis: Diagnosis, paint: Paint): string[] {
  const { collectors, recorder, cgroup, user, abandoned } = diagnosis;
  const row = (status: keyof typeof marks, name: string, what: string) =>
    `${paint(styles[status], marks[status].padEnd(4))} ${name.padEnd(14)} ${what}`;
  const told = (detail: string, advice: string) =>
    detail === "" ? [] : [`       ${detail}`, ...(advice === "" ? [] : [`       ${paint("bold", advice)}`])];
  return [
    `As user ${user ?? "?"}, residue sees of this host:`,
    ...collectors.flatMap(({ surface, status, facts, durationMs, detail, advice }) => [
      row(status, surface, `${facts} facts in ${durationMs.toFixed(0)} ms`),
      ...told(detail, advice),
    ]),
    "and can record while a command runs:",
    ...recorder.flatMap(({ source, status, events, detail, advice }) => [
      row(status, source, `${events} events meanwhile`),
      ...told(detail, advice),
    ]),
    row(cgroup.status, "cgroup", "of its own for a command"),
    ...told(cgroup.detail, ""),
    ...abandoned.flatMap(({ what, path, remove }) => [
      row("partial", what, `${path} was left by a run that was killed`),
      ...told("The next `residue run` removes it, unless something runs in it.", remove),
    ]),
    outlook(diagnosis.best, paint),
  ];
}

function outlook(best: ResidueVerdict, paint: Paint): string {
  if (best === "clean") return paint("green", "Everything can be seen: a run can be called clean.");
  const [style, words] =
    best === "partial"
      ? ([
          "yellow",
          "Not everything can be seen: a run is partial at best. Under the policy developer that passes,",
        ] as const)
      : ([
          "magenta",
          "Evidence is lost: a run that finds nothing is unknown. It ends with 2 under every policy.",
        ] as const);
  return paint(style, best === "partial" ? `${words} under ci and strict it ends with 2.` : words);
}
