import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { HouseguestError, messageOf } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { whole } from "../commands/option-values.ts";
import {
  currentRecord,
  isOwn,
  type Pair,
  type PairRecords,
  recordedPairs,
  recordProblems,
} from "./on-host/pair-records.ts";
import { readPairRecords, withPairRecord, writePairRecords } from "./on-host/pair-records.ts";
import { isWrong, pairsExitCode } from "./on-host/pairs-exit-code.ts";
import { allPairs, chosenPairs } from "./on-host/pairs.ts";
import { type PairResult, playPairs } from "./on-host/play-pairs.ts";
import { writeHostTable } from "./planted-document.ts";

const help = `npm run test:planted -- [OPTIONS] [BUG…]

Plays every scenario that is for real hosts alone with the planted bug of each
of them in the programs of agent and broker. Each bug must make exactly its own
scenario fail, and docs/planted-bugs.md must say so.

A scenario that fails is played again without the bug: only if it passes then
has it found the bug. What is not expected must be seen twice. So a busy host
makes this slower, or undecided (2), and not wrong.

  BUG…             only these bugs
  --in SCENARIO    only in this scenario; may be given several times
  --stale          only pairs that were never played, or whose bug or scenario
                   changed since: goes on after an interruption
  --update         write each pair as it is decided, and the table of them
  --workers N      so many at once (1); scenarios that touch what the whole
                   host shares are played alone
  --at-once        in each scenario the bugs of all others at once first: if it
                   passes it finds none of them, in a fifth of the time; the
                   table tells so
  --together       those that are played alone beside others, each once at a time: sooner where
                   others are at work anyway
  --json           the results as JSON on stdout, the progress on stderr
  --list           the pairs and what is recorded of them; nothing is played

  npm run test:planted -- --update --stale --workers 3
  npm run test:planted -- job-respawns --in job-fork-bombs

Exit codes: 0 each bug is found by its own scenario alone, and recorded so ·
1 not so · 2 a pair could not be decided, or a bug's own scenario not be played
here · 64 usage · 70 a bug of the harness · 130 interrupted; what was decided is
written`;

try {
  process.exitCode = await main();
} catch (error) {
  const isOurs = error instanceof HouseguestError;
  process.stderr.write(`${isOurs ? `${error.message} ${error.next}` : messageOf(error)}\n`);
  process.exitCode = isOurs ? error.exitCode : isUsage(error) ? ExitCode.usage : ExitCode.harnessBug;
}

function isUsage(error: unknown): boolean {
  return String((error as { code?: unknown }).code).match(/^(ERR_PARSE_ARGS|commander\.)/) !== null;
}

async function main(): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      in: { type: "string", multiple: true, default: [] },
      stale: { type: "boolean", default: false },
      together: { type: "boolean", default: false },
      "at-once": { type: "boolean", default: false },
      update: { type: "boolean", default: false },
      workers: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(help);
  const all = await allPairs();
  let records = readPairRecords();
  const chosen = chosenPairs(all, { bugs: positionals, scenarios: values.in });
  if (values.list) return say(chosen.map((pair) => listed(records, pair)).join("\n"));
  const pairs = values.stale ? chosen.filter((pair) => currentRecord(records, pair) === undefined) : chosen;
  const runs = mkdtempSync(join(tmpdir(), "planted-"));
  try {
    const { results, interrupted } = await playPairs({
      ...{ pairs, runs, onPair, together: values.together, atOnce: values["at-once"] },
      workers: whole(16)(values.workers),
    });
    if (values.json) say(JSON.stringify(results, null, 2));
    if (interrupted) return stopped(results, pairs);
    return conclude(results, recordProblems(records, recordedPairs(records, chosen).filter(wasHere(results))));
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }

  function onPair(pair: Pair, { result, says, atOnce }: PairResult): void {
    if (!values.update || (result !== "found" && result !== "not-found")) return;
    const seen = { says: result === "found" ? says : null, ...(atOnce === undefined ? {} : { atOnce }) };
    records = withPairRecord(records, all, pair, seen);
    writePairRecords(records);
    writeHostTable(all, records);
  }
}

/** Of what this machine cannot play nothing can be asked. */
function wasHere(results: readonly PairResult[]): (pair: Pair) => boolean {
  const skipped = new Set(
    results.filter(({ result }) => result === "skipped").map((one) => `${one.bug} ${one.scenario}`),
  );
  return ({ mutant, scenario }) => !skipped.has(`${mutant.name} ${scenario.name}`);
}

function stopped(results: readonly PairResult[], pairs: readonly Pair[]): ExitCode {
  process.stderr.write(
    `Interrupted after ${results.length} of ${pairs.length} pairs; --update --stale goes on there.\n`,
  );
  return ExitCode.interrupted;
}

function conclude(results: readonly PairResult[], problems: readonly string[]): ExitCode {
  const wrong = results.filter(isWrong);
  const undecided = results.filter(({ result }) => result === "undecided");
  const notHere = results.filter(({ result }) => result === "skipped");
  for (const { bug, scenario, result, says } of [...wrong, ...undecided]) {
    process.stderr.write(`the bug ${bug} in ${scenario}: ${result}${says === null ? "" : `: ${says}`}\n`);
  }
  for (const one of problems) process.stderr.write(`recorded of ${one}\n`);
  if (problems.length > 0) process.stderr.write("npm run test:planted -- --update writes anew what is found\n");
  process.stderr.write(
    `${results.length} pairs: ${wrong.length} wrong, ${undecided.length} undecided, ${notHere.length} not on this machine\n`,
  );
  return pairsExitCode(results, problems);
}

function listed(records: PairRecords, pair: Pair): string {
  const record = currentRecord(records, pair);
  const told = record === undefined ? "to be played" : (record.says ?? "passes");
  return `${pair.mutant.name} in ${pair.scenario.name}${isOwn(pair) ? " (its own)" : ""}: ${told}`;
}

function say(text: string): ExitCode {
  process.stdout.write(`${text}\n`);
  return ExitCode.pass;
}
