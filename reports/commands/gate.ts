import { relative } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { shellWord } from "../../foundation/shell-word.ts";
import type { ExitCode } from "../../foundation/exit-codes.ts";
import { type GateReport, judgeGate } from "../gate/gate.ts";
import { gateTable, section } from "../gate/gate-table.ts";
import type { ScenarioJudge } from "../gate/scenario-judge.ts";
import { readCandidates } from "../gate/read-candidates.ts";
import { readPolicy } from "../gate/read-policy.ts";
import { readArtifact } from "../gate/released-artifacts.ts";
import { runNames } from "../runs/run-directory.ts";
import type { StoredRun } from "../runs/read-run.ts";
import { streamOutput } from "../stream-output.ts";
import { type Line, renderLines, tinted } from "../text/line.ts";

export interface GateOptions {
  readonly policy: string;
  readonly artifact?: readonly string[];
  readonly all?: true;
  readonly json?: true;
  readonly root: string;
  readonly color: boolean;
}

/** `reports gate`: judges runs by a release's policy; gives 0, 1 or 2. */
export async function gateCommand(
  wanted: readonly string[],
  options: GateOptions,
  judge?: ScenarioJudge,
): Promise<ExitCode> {
  const { policy, path, digest } = readPolicy(options.policy);
  const runs = readCandidates(namedRuns(wanted, options), options.root);
  const artifacts = await Promise.all((options.artifact ?? []).map(readArtifact));
  const report = judgeGate({ policy, source: { path, digest }, runs, artifacts, nowMs: Date.now(), judge });
  const stdout = streamOutput(process.stdout, { color: options.color });
  if (options.json === true) stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const lines = [...gateTable(report, stdout.columns), ...nextLines(report, runs)];
    stdout.write(renderLines(lines, { columns: stdout.columns, color: stdout.color }));
  }
  await stdout.flushed();
  return report.exitCode as ExitCode;
}

/** @throws UsageError `no-runs` when neither runs nor all of them were asked for, or both */
export function namedRuns(
  wanted: readonly string[],
  { all, root }: Pick<GateOptions, "all" | "root">,
): readonly string[] {
  // What else lies there (plans of the simulator) has no time in its name.
  const names = all === true ? runNames(root).filter((name) => /^\d{8}T\d{6}-/.test(name)) : wanted;
  if (names.length > 0 && (all !== true || wanted.length === 0)) return names;
  throw new UsageError(all === true && wanted.length === 0 ? `There are no runs in ${root} yet.` : "Which runs?", {
    code: "no-runs",
    next: "Name runs, or all of a folder with --all [--root DIR]; `npx reports list` shows them.",
  });
}

/** For each run that blocks, the command that tells more. */
function nextLines({ rows }: GateReport, runs: readonly StoredRun[]): Line[] {
  const blocking = new Set(rows.flatMap(({ result, run }) => (result === "pass" || run === null ? [] : [run])));
  return section(
    "Look at",
    runs
      .filter(({ verdict }) => blocking.has(verdict.run))
      .map((run): Line => ["  ", tinted(`npx reports show ${shellWord(pathOf(run))}`, "command")]),
  );
}

/** As short as it can be and yet a path: a name alone would be looked for under --root. */
function pathOf({ runDirectory }: StoredRun): string {
  const near = relative(process.cwd(), runDirectory);
  return near.startsWith("..") ? runDirectory : `./${near}`;
}
