import { isBlamed, isOfRun, type Judgement } from "./judge.ts";
import { showShare, wilsonShare } from "./statistics.ts";

export interface SectionResult {
  readonly surface: string;
  readonly judgements: readonly Judgement[];
}

/** All that a run of the corpus says. */
export interface CorpusResult {
  readonly plants: readonly SectionResult[];
  readonly background: readonly SectionResult[];
  /** Findings that belong to no item. */
  readonly others: readonly string[];
}

export interface Totals {
  readonly found: number;
  readonly attributed: number;
  readonly planted: number;
  readonly blamed: number;
  readonly done: number;
  readonly skipped: number;
  readonly broken: number;
}

export function totalsOf({ plants, background }: CorpusResult): Totals {
  const planted = plants.flatMap(({ judgements }) => judgements);
  const done = background.flatMap(({ judgements }) => judgements);
  const all = [...planted, ...done];
  const count = (list: readonly Judgement[], test: (one: Judgement) => boolean) => list.filter(test).length;
  return {
    found: count(planted, ({ attributedTo }) => attributedTo !== null),
    attributed: count(planted, isOfRun),
    planted: count(planted, ({ outcome }) => outcome.status === "done"),
    blamed: count(done, isBlamed),
    done: count(done, ({ outcome }) => outcome.status === "done"),
    skipped: count(all, ({ outcome }) => outcome.status === "skipped"),
    broken: count(all, ({ outcome }) => outcome.status === "broken"),
  };
}

/** The result as Markdown, which reads well on a terminal too. */
export function corpusTable(result: CorpusResult): string {
  const totals = totalsOf(result);
  return [
    ...totalLines(totals),
    "",
    "## Plants",
    "",
    "| plant | found | attributed to |",
    "|---|---|---|",
    ...result.plants.flatMap(({ surface, judgements }) => [
      `| **${surface}** | | |`,
      ...judgements.map((one) => `| ${one.item.what} (\`${one.item.name}\`) | ${plantCells(one)} |`),
    ]),
    "",
    "## Background",
    "",
    "| activity of somebody else | blamed |",
    "|---|---|",
    ...result.background.flatMap(({ surface, judgements }) => [
      `| **${surface}** | |`,
      ...judgements.map((one) => `| ${one.item.what} (\`${one.item.name}\`) | ${backgroundCell(one)} |`),
    ]),
    "",
  ].join("\n");
}

export function totalLines({ found, attributed, planted, blamed, done, skipped, broken }: Totals): string[] {
  return [
    `- Plants found: ${showShare(wilsonShare(found, planted))}.`,
    `- Plants attributed to the job: ${showShare(wilsonShare(attributed, planted))}.`,
    `- Background activities blamed: ${showShare(wilsonShare(blamed, done))}.`,
    `- Skipped because the host does not allow them: ${skipped}. Failed to be done: ${broken}.`,
  ];
}

function plantCells(judgement: Judgement): string {
  const { outcome, attributedTo, excusedBy } = judgement;
  if (outcome.status !== "done") return `${outcome.status}: ${plain(outcome.reason)} | `;
  if (attributedTo === null) return `**no**${excusedBy.length > 0 ? ` (excused: ${excusedBy.join(", ")})` : ""} | `;
  return `yes | ${isOfRun(judgement) ? attributedTo : `**${attributedTo}**`}`;
}

function backgroundCell(judgement: Judgement): string {
  const { outcome, attributedTo } = judgement;
  if (outcome.status !== "done") return `${outcome.status}: ${plain(outcome.reason)}`;
  if (attributedTo === null) return "no";
  return isBlamed(judgement) ? `**yes: ${attributedTo}**` : `told, as the ${attributedTo}'s`;
}

function plain(text: string): string {
  return text.replaceAll("|", "\\|");
}
