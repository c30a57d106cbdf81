import { runFigures } from "../figures/run-figures.ts";
import { missingRecords } from "../figures/lost-evidence.ts";
import { RunLanes } from "../figures/lanes/run-lanes.ts";
import { historyBegin } from "../figures/history-span.ts";
import { pageElements, type RunPage } from "../page/page-data.ts";
import type { EndedRun } from "../reporter.ts";
import { toneOf, wordOf } from "../summary/headline.ts";
import { troubles } from "../summary/trouble.ts";
import { wholeNumber } from "../text/duration.ts";
import { packed, packHistory } from "./history-blocks.ts";
import { dataElement, pageParts } from "./page-document.ts";

const troublesShownMax = 25;

/** Where a page stands that is served, and what it may load. */
export type ServedPlace = Pick<RunPage, "home" | "follow">;

/**
 * One run as a page that needs nothing else: its text in parts, in order, because a long history makes it large.
 *
 * @throws UsageError `page-not-built`
 */
export function* runPageParts(run: EndedRun, served: ServedPlace = {}): Generator<string> {
  const { verdict, history, runDirectory, lostEvidence = [] } = run;
  const { residue } = verdict;
  const { timelines, ...figures } = runFigures(history);
  const { head, columns, blocks } = packHistory(history);
  const data: RunPage = {
    kind: "run",
    verdict: residue === null ? verdict : { ...verdict, residue: { ...residue, findings: [] } },
    findings: residue?.findings.length ?? 0,
    word: served.follow === undefined ? wordOf(verdict) : "RUNNING",
    tone: served.follow === undefined ? toneOf(verdict) : "doubt",
    troubles: served.follow === undefined ? firstOf(troubles(verdict)) : [],
    lostEvidence: [...lostEvidence, ...missingRecords(history)],
    figures: { ...figures, agents: timelines.map(({ instance, ending, states }) => ({ instance, ending, states })) },
    history: head,
    runDirectory,
    ...served,
  };
  yield* pageParts(
    { title: `${data.word} ${verdict.scenario}`, data, served: served.home !== undefined },
    function* () {
      yield dataElement(pageElements.findings, packed(JSON.stringify(residue?.findings ?? [])));
      yield dataElement(pageElements.lanes, packed(JSON.stringify(lanesOf(run))));
      yield dataElement(pageElements.columns, columns);
      let number = 0;
      for (const block of blocks) {
        yield dataElement(`${pageElements.block}${number}`, block);
        number += 1;
      }
    },
  );
}

function firstOf(sentences: readonly string[]): string[] {
  const more = sentences.length - troublesShownMax;
  return [...sentences.slice(0, troublesShownMax), ...(more > 0 ? [`And ${wholeNumber(more)} more.`] : [])];
}

function lanesOf({ history }: EndedRun) {
  const lanes = new RunLanes(historyBegin(history));
  for (const record of history) lanes.see(record);
  return lanes.finished();
}
