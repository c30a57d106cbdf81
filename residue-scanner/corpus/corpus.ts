import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { HouseguestError, messageOf, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { backgroundSections } from "./background.ts";
import { abandonedFields, cleanUp } from "./clean-up.ts";
import type { CorpusItem, CorpusSection } from "./item.ts";
import { plantSections } from "./plants.ts";
import { playAlone } from "./play-alone.ts";
import { playRound, type RoundResult } from "./rounds.ts";
import { corpusTable, type CorpusResult, totalsOf } from "./table.ts";

const document = join(import.meta.dirname, "../../docs/residue-corpus.md");
const help = `npm run test:corpus [-- NAME…] [--slow] [--each] [--json] [--no-background] [--list] [--clean]

Has a job leave what jobs leave on a host, over every surface, while somebody else is at work there, and tells what the
scanner finds, whose it says that it is, and whom it blames. Needs root. All of it is undone at the end.

  NAME…            only these items, or those whose names begin so
  --slow           with those that wait a minute for cron
  --each           every plant in a run of its own (slow)
  --no-background  without anybody else at work
  --json           the result as JSON
  --list           what there is; nothing is done
  --report FILE    keep what the scanner reported, a list of one report a run
  --clean          undo what a killed run left
  --beside         although another run goes on: with items only that change none of the host's settings
  --run OPTION     one more option for \`residue run\`, such as --run=--no-dwell

Exit codes: 0 all found and attributed, nobody blamed · 1 not so · 2 an item could not be done · 3 something could not
be undone · 64 usage · 70 no report · 130 interrupted`;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.abort());

try {
  process.exitCode = await main();
} catch (error) {
  if (interruption.signal.aborted) {
    console.error("Interrupted; what was done is undone.");
    process.exitCode = ExitCode.interrupted;
  } else {
    console.error(messageOf(error));
    if (error instanceof HouseguestError) console.error(error.next);
    process.exitCode = error instanceof HouseguestError ? error.exitCode : ExitCode.harnessBug;
  }
}

async function main(): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      slow: { type: "boolean", default: false },
      each: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      clean: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      beside: { type: "boolean", default: false },
      "no-background": { type: "boolean", default: false },
      report: { type: "string" },
      run: { type: "string", multiple: true, default: [] },
    },
  });
  if (values.help) return say(help);
  if (values.list) return say([...plantSections, ...backgroundSections].map(listed).join("\n"));
  if (process.geteuid?.() !== 0)
    throw new UsageError("The corpus needs root.", {
      code: "no-root",
      next: "Run it as root, on a machine of your own.",
    });
  if (values.clean) return await cleanAbandoned();
  const choice = { names: positionals, slow: values.slow };
  const wanted = { plants: chosen(plantSections, choice), background: chosen(backgroundSections, choice) };
  if (positionals.length > 0 && wanted.plants.length + wanted.background.length === 0)
    throw new UsageError(`There is no item ${positionals.join(", ")}.`, { code: "no-item", next: "See --list." });
  if (!values.beside) await playAlone();
  const background = values["no-background"] || values.each ? [] : wanted.background;
  const options = { background, parameters: values.run, signal: interruption.signal };
  const rounds = values.each
    ? await playEach(wanted.plants, options)
    : [await playRound({ ...options, plants: wanted.plants })];
  const result = joined(rounds);
  if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(rounds.map(({ report }) => report)));
  if (values.json) console.log(JSON.stringify({ totals: totalsOf(result), ...result }, null, 2));
  else print(result, rounds);
  if (positionals.length === 0 && !values.each && !values["no-background"]) writeFileSync(document, documentOf(result));
  return exitCodeOf(result, rounds);
}

function say(text: string): ExitCode {
  console.log(text);
  return ExitCode.pass;
}

function listed({ surface, items }: CorpusSection): string {
  return [`${surface}:`, ...items.map(({ name, what }) => `  ${name.padEnd(24)} ${what}`)].join("\n");
}

/** Whoever names a slow item wants it. */
function chosen(
  sections: readonly CorpusSection[],
  { names, slow }: { names: readonly string[]; slow: boolean },
): CorpusSection[] {
  const isWanted = ({ name, slow: takesLong }: CorpusItem) =>
    names.length === 0 ? slow || takesLong !== true : names.some((wanted) => name.startsWith(wanted));
  return sections
    .map(({ surface, items }) => ({ surface, items: items.filter(isWanted) }))
    .filter(({ items }) => items.length > 0);
}

async function playEach(
  sections: readonly CorpusSection[],
  options: { background: readonly CorpusSection[]; parameters: readonly string[]; signal: AbortSignal },
): Promise<RoundResult[]> {
  const rounds: RoundResult[] = [];
  for (const { surface, items } of sections) {
    for (const item of items) {
      const round = await playRound({ ...options, plants: [{ surface, items: [item] }] });
      const target = round.plants[0]?.judgements[0]?.attributedTo ?? "not found";
      console.error(`${item.name}: ${target}`);
      rounds.push(round);
    }
  }
  return rounds;
}

function joined(rounds: readonly RoundResult[]): CorpusResult {
  const plants = Map.groupBy(
    rounds.flatMap((round) => round.plants),
    ({ surface }) => surface,
  );
  return {
    plants: [...plants].map(([surface, parts]) => ({
      surface,
      judgements: parts.flatMap(({ judgements }) => judgements),
    })),
    background: rounds.flatMap((round) => round.background),
    others: rounds.flatMap(({ others }) => others),
  };
}

function print(result: CorpusResult, rounds: readonly RoundResult[]): void {
  console.log(corpusTable(result));
  if (result.others.length > 0) console.log(`${result.others.length} findings are of none of these:`);
  for (const other of result.others.slice(0, 20)) console.log(`  ${other}`);
  const seconds = rounds.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
  console.log(
    `residue run took ${seconds.toFixed(1)} s; its verdict: ${rounds.map(({ report }) => report.verdict).join(", ")}`,
  );
}

function documentOf(result: CorpusResult): string {
  return `# What the residue scanner finds

\`npm run test:corpus\` writes this page. A job leaves one of each of these on a host, all in one run of \`residue run\`, while somebody else, who has nothing to do with the job, is at work there. A plant is found when a finding tells it, attributed when the finding says that it is the job's (or shared, with the job named), and an activity of somebody else's is blamed when a finding charges the job with it or leaves it unexplained. Intervals are Wilson's.

${corpusTable(result)}`;
}

function exitCodeOf(result: CorpusResult, rounds: readonly RoundResult[]): ExitCode {
  const { found, attributed, planted, blamed, broken } = totalsOf(result);
  const left = rounds.flatMap((round) => round.left);
  for (const one of left) console.error(`Not undone: ${one}`);
  if (left.length > 0) {
    console.error("Look at the reasons above, and run: npm run test:corpus -- --clean");
    return ExitCode.notUndone;
  }
  if (broken > 0) return ExitCode.unknown;
  return found === planted && attributed === planted && blamed === 0 ? ExitCode.pass : ExitCode.fail;
}

async function cleanAbandoned(): Promise<ExitCode> {
  const fields = abandonedFields();
  let code: ExitCode = ExitCode.pass;
  for (const field of fields) {
    const left = await cleanUp(field);
    console.log(left.length === 0 ? `${field} is undone.` : `${field} is not undone: ${left.join("; ")}`);
    if (left.length > 0) code = ExitCode.notUndone;
  }
  if (fields.length === 0) console.log("There is nothing to undo.");
  return code;
}
