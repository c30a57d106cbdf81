import type { HistoryData, HistoryRecord } from "../../../protocol/history.ts";
import { type Verdict, worstVerdict } from "../../../protocol/verdict.ts";
import { missingRecords } from "../../figures/lost-evidence.ts";
import type { StoredRun } from "../../runs/read-run.ts";
import { counted } from "../../text/duration.ts";
import { derivedResidue } from "./derived-residue.ts";
import { otherBeginning, otherEnding } from "./same-run.ts";
import { failed, type Objection, type RunCheck, unknown } from "../run-check.ts";

/** That a run's history is whole, and that its verdict says what the history and the residue report say. */
export const evidenceCheck: RunCheck = {
  check: "evidence",
  subject: "the history is whole, and the verdict says the same",
  judge(run) {
    if (!run.recorded) return [unknown(run.verdict.error ?? "the run has no verdict")];
    return [
      ...lostRecords(run),
      ...unboundHistory(run),
      ...otherBeginning(run),
      ...otherEnding(run),
      ...otherSummaries(run),
    ];
  },
};

function lostRecords({ history, lostEvidence, altered }: StoredRun): Objection[] {
  const unwritten = history.flatMap((record) =>
    record.type === "agent.unrecorded" || record.type === "broker.unrecorded"
      ? [`${counted(record.data.records, "record")} of ${record.source} could not be written: ${record.data.reason}.`]
      : [],
  );
  return [...lostEvidence.filter((one) => one !== altered), ...missingRecords(history), ...unwritten].map(unknown);
}

/** A verdict goes with the history that it names; one that names none would go with any. */
function unboundHistory({ verdict: { historySha256 }, altered }: StoredRun): Objection[] {
  if (altered !== undefined) return [failed(altered)];
  return historySha256 === undefined ? [unknown("its verdict does not say which history it was judged by")] : [];
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
