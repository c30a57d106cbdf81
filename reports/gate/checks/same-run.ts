import { ExitCode } from "../../../foundation/exit-codes.ts";
import type { HistoryData } from "../../../protocol/history.ts";
import { type RunVerdict, worstVerdict } from "../../../protocol/verdict.ts";
import type { StoredRun } from "../../runs/read-run.ts";
import { residueDigest } from "../../runs/residue-digest.ts";
import { failed, type Objection, touchedHost, unknown } from "../run-check.ts";
import { derivedResidue } from "./derived-residue.ts";

/** What a history begins with and its verdict has otherwise: then one of them is another run's, or was edited. */
export function otherBeginning({ verdict, history }: StoredRun): Objection[] {
  const [started, another] = history.filter((record) => record.type === "run.started");
  if (started === undefined) return [unknown("its history does not say what was run")];
  if (another !== undefined) return [failed("its history is that of more than one run")];
  const { run, scenario, seed, options, retryOf } = started.data;
  const differs = (what: string, one: unknown, other: unknown) =>
    isDeepEqual(one, other) ? [] : [failed(`its verdict is of ${what} ${told(one)}, its history of ${told(other)}`)];
  return [
    ...differs("run", verdict.run, run),
    ...differs("scenario", verdict.scenario, scenario),
    ...differs("seed", verdict.seed, seed),
    // Histories of a run on this host's own network need not name their stage.
    ...differs("stage", verdict.stage, options["stage"] ?? "host"),
    ...optionsBut(verdict.options, options).flatMap((name) => differs(name, verdict.options[name], options[name])),
    ...(isDeepEqual(verdict.retryOf, retryOf)
      ? []
      : [failed(`its verdict is of ${attemptWords(verdict.retryOf)}, its history of ${attemptWords(retryOf)}`)]),
  ];
}

/** All that either names, but for what a history says of the run beside its options. */
function optionsBut(one: RunVerdict["options"], other: HistoryData<"run.started">["options"]): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => name !== "stage" && name !== "user",
  );
}

function attemptWords(retryOf: readonly string[] | undefined): string {
  return retryOf === undefined ? "a first attempt" : `a retry of ${retryOf.join(", ")}`;
}

const isDeepEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
const told = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "none"));

/** The same of what it ends with. */
export function otherEnding(run: StoredRun): Objection[] {
  const { verdict, history } = run;
  const ends = history.flatMap((record) => (record.type === "run.ended" ? [record.data] : []));
  const [end] = ends;
  if (end === undefined) return [unknown("its history does not say that it came to an end")];
  const codes = ends.map(({ exitCode }) => exitCode);
  if (end.exitCode !== verdict.exitCode || ends.length > 1) {
    return [failed(`its verdict says exit code ${verdict.exitCode}, its history ${codes.join(" and ")}`)];
  }
  const unexplained = isExplained(verdict)
    ? []
    : [failed(`it ended with exit code ${verdict.exitCode}, which nothing in its verdict explains`)];
  return [...unexplained, ...otherResidue(run, end)];
}

function otherResidue(run: StoredRun, { residueDigest: recorded }: HistoryData<"run.ended">): Objection[] {
  const { residue } = run.verdict;
  if (residue === null)
    return recorded === undefined ? [] : [failed("its verdict says nothing of what it found on the host")];
  if (!touchedHost(run)) return [];
  if (recorded === undefined) return [unknown("its history does not say what was found on the host")];
  return residueDigest(residue) === recorded
    ? []
    : [failed("the residue in its verdict is not what its history ends with")];
}

/** Whether a verdict says what made the run end so: what is not there any more was taken out of it. */
function isExplained({ exitCode, lifecycle, expectations, residue, cleanUp, interrupted, error }: RunVerdict): boolean {
  const left = residue === null ? "unknown" : derivedResidue(residue);
  const judged = worstVerdict([lifecycle, ...expectations.map(({ result }) => result)]);
  switch (exitCode) {
    case ExitCode.pass:
      return true;
    case ExitCode.fail:
      return judged === "fail" || left === "residue" || error !== null;
    case ExitCode.unknown:
      return judged !== "pass" || left !== "clean";
    case ExitCode.notUndone:
      return cleanUp.result === "fail";
    case ExitCode.interrupted:
      return interrupted;
    default:
      return error !== null;
  }
}
