import type { HistoryData, HistoryRecord } from "../../../protocol/history.ts";
import type { ResidueReport, ResidueVerdict } from "../../../protocol/residue-report.ts";
import { type Verdict, worstVerdict } from "../../../protocol/verdict.ts";
import { missingRecords } from "../../figures/lost-evidence.ts";
import type { StoredRun } from "../../runs/read-run.ts";
import { counted } from "../../text/duration.ts";
import { failed, type Objection, type RunCheck, unknown } from "../run-check.ts";

/** That a run's history is whole, and that its verdict says what the history and the residue report say. */
export const evidenceCheck: RunCheck = {
  check: "evidence",
  subject: "the history is whole, and the verdict says the same",
  judge(run) {
    if (!run.recorded) return [unknown(run.verdict.error ?? "the run has no verdict")];
    return [...lostRecords(run), ...otherBeginning(run), ...otherEnding(run), ...otherSummaries(run)];
  },
};

function lostRecords({ history, lostEvidence }: StoredRun): Objection[] {
  const unwritten = history.flatMap((record) =>
    record.type === "agent.unrecorded" || record.type === "broker.unrecorded"
      ? [`${counted(record.data.records, "record")} of ${record.source} could not be written: ${record.data.reason}.`]
      : [],
  );
  return [...lostEvidence, ...missingRecords(history), ...unwritten].map(unknown);
}

function otherBeginning({ verdict, history }: StoredRun): Objection[] {
  const [started, another] = history.filter((record) => record.type === "run.started");
  if (started === undefined) return [unknown("its history does not say what was run")];
  if (another !== undefined) return [failed("its history is that of more than one run")];
  const { run, scenario, seed, options } = started.data;
  // Histories of real processes need not name their stage; those of modelled ones do.
  const stage = options["stage"] ?? (verdict.stage === "sim" ? "host" : verdict.stage);
  const differs = (what: string, one: unknown, other: unknown) =>
    one === other ? [] : [failed(`its verdict is of ${what} ${String(one)}, its history of ${String(other)}`)];
  return [
    ...differs("run", verdict.run, run),
    ...differs("scenario", verdict.scenario, scenario),
    ...differs("seed", verdict.seed, seed),
    ...differs("stage", verdict.stage, stage),
  ];
}

function otherEnding({ verdict, history }: StoredRun): Objection[] {
  const ends = history.flatMap((record) => (record.type === "run.ended" ? [record.data.exitCode] : []));
  if (ends.length === 0) return [unknown("its history does not say that it came to an end")];
  const [exitCode] = ends;
  if (exitCode === verdict.exitCode && ends.length === 1) return [];
  return [failed(`its verdict says exit code ${verdict.exitCode}, its history ${ends.join(" and ")}`)];
}

function otherSummaries({ verdict, history }: StoredRun): Objection[] {
  const judged = expectationsIn(history);
  const lifecycle = worstVerdict(judged.map(({ result }) => result));
  const contradiction = (what: string, said: string, seen: string) =>
    failed(`its verdict says ${said} of ${what}, which comes to ${seen}`);
  return [
    ...differingExpectations(verdict.expectations, judged),
    ...(isBetter(verdict.lifecycle, lifecycle) ? [contradiction("the lifecycle", verdict.lifecycle, lifecycle)] : []),
    ...(verdict.residue === null || verdict.residue.verdict === derivedResidue(verdict.residue)
      ? []
      : [contradiction("the residue", verdict.residue.verdict, derivedResidue(verdict.residue))]),
  ];
}

function expectationsIn(history: readonly HistoryRecord[]): HistoryData<"expectation">[] {
  return history.flatMap((record) => (record.type === "expectation" ? [record.data] : []));
}

function differingExpectations(
  said: readonly { id: string; result: Verdict }[],
  judged: readonly { id: string; result: Verdict }[],
): Objection[] {
  const words = (list: typeof said) => list.map(({ id, result }) => `${id} ${result}`);
  const [saidWords, judgedWords] = [words(said), words(judged)];
  const onlySaid = saidWords.filter((one) => !judgedWords.includes(one));
  const onlyJudged = judgedWords.filter((one) => !saidWords.includes(one));
  if (onlySaid.length === 0 && onlyJudged.length === 0 && said.length === judged.length) return [];
  const list = (words: readonly string[]) => (words.length === 0 ? "none of these" : words.join(", "));
  return [failed(`its verdict and its history judge differently: ${list(onlySaid)} against ${list(onlyJudged)}`)];
}

function isBetter(said: Verdict, seen: Verdict): boolean {
  return worstVerdict([said, seen]) !== said;
}

/** As the scanner comes to it (README.md, "Three verdicts"). */
export function derivedResidue({ findings, surfaces, recorder = [], canaries = [] }: ResidueReport): ResidueVerdict {
  if (findings.length > 0) return "residue";
  if (canaries.some(({ isRight }) => !isRight)) return "unknown";
  if (surfaces.length === 0 || surfaces.some(({ status }) => status === "failed")) return "unknown";
  if (recorder.some(({ status }) => status === "lost")) return "unknown";
  return [...surfaces, ...recorder].every(({ status }) => status === "done") ? "clean" : "partial";
}
