import type { Command } from "commander";

import { reporterNames } from "../../reports/reporter-names.ts";
import { stageNames } from "../../protocol/stage-names.ts";

import { limits } from "../../foundation/limits.ts";
import { rootDefault } from "../../reports/runs/run-directory.ts";
import type { CompareFlags } from "./compare-command.ts";
import type { ListFlags } from "./list-command.ts";
import type { MergeFlags } from "./merge-command.ts";
import { collect, count, nonEmpty, oneOf, seconds, shard, whole } from "./option-values.ts";
import type { RecheckFlags } from "./recheck-command.ts";
import type { GivenFlags } from "./run-flags.ts";
import { storeKinds } from "../steps/store-kinds.ts";

const repeatsMax = 10_000;
const retriesMax = 100;
const workersMax = 64;
const configHelp = "configuration (default: scenarios.config.ts, from here upward)";

export const exitCodes = `
Exit codes:
  0 pass   1 fail   2 unknown
  3 something could not be undone (the message says how to finish it)
  64 usage   70 a bug in the harness   130 interrupted`;

const runHelp = `
Names may be globs, and files hold scenarios of your own
(docs/own-scenarios.md). \`scenarios.config.ts\` may say where more of them lie,
and has a default for every option below.

What is chosen runs in the order of \`scenarios list\`: first
--last-failed keeps what failed, then --repeat-each repeats it, then
--shard takes its part.

What may hurt whoever else uses this machine is asked about, or needs --yes.

Examples:
  scenarios run withdraw-under-load
  scenarios run 'withdraw-*' --stage sim --repeat-each 20 --workers 4
  scenarios run --all --shard 2/4 --output shard-2
  scenarios run --grep @pause --retries 2 --max-failures 3
  scenarios run --last-failed --keep
  scenarios run ./my-scenario.ts --stage sim
  scenarios run withdraw-while-paused --agent ./my-agent.ts
  scenarios run rapid-pause-resume --cycles 500 --slots 2
  scenarios run --all --reporter list,github --reporter junit=results.xml
  scenarios run join-work-pause-resume-withdraw --json | jq .verdict.lifecycle
${exitCodes}
  The worst of several runs counts. What the stage or this machine cannot play
  is skipped, with the reason, and counts only where nothing else was chosen:
  then nobody can tell (2). A flaky one, which passed at a later
  attempt, is a pass, or with --fail-on-flaky a fail. What left residue on this
  host stays failed whatever --retries says: the next baseline would hold it. In
  virtual time a retry has the same seed, and ends otherwise only where a
  --timeout ended the one before.`;

const listHelp = `
Examples:
  scenarios list --grep WC-9
  scenarios list --grep '@withdraw|@pause' --stage sim
  scenarios list --json | jq -r .[].name

Exit codes:
  0   everything that was asked for is listed
  64  nothing matches, or a file of yours cannot be used: the rest is listed`;

const recheckHelp = `
The residue verdict is taken as it was: the host of then cannot be read again.

Examples:
  scenarios recheck latest
  scenarios recheck 20260131T101500-withdraw-under-load --json

Exit codes:
  as of \`scenarios run\`, by what the checkers say now
  64  no such run, or its scenario is none of this catalogue`;

const compareHelp = `
Examples:
  scenarios compare 20260131T101500-withdraw-under-load latest
  scenarios compare before/latest after/latest --json

Exit codes:
  0   B is no worse than A
  1   an expectation, the residue or the clean-up is worse in B
  64  no such run`;

const mergeHelp = `
Each shard needs an --output of its own. A shard, or a run of it, that is
missing or never began, makes the whole unknown (2), unless something worse is
known. Shards of suites that planned other runs are refused (64).

Examples:
  scenarios merge shard-1 shard-2 shard-3 --reporter junit=all.xml
  scenarios merge shard-* --output all     # and copies the runs there

Exit codes:
  as of \`scenarios run\`, as if all had been one command`;

/** \`scenarios run\` and what goes with it; each is loaded when it is asked for. */
export function addRunCommands(program: Command, ended: (exitCode: number) => void): void {
  addRun(program, ended);
  program
    .command("list")
    .description("show the scenarios, with the requirements that each proves")
    .option("-g, --grep <regexp>", "those whose name, title, @tags or rows match", nonEmpty)
    .option("--grep-invert <regexp>", "but not those that match", nonEmpty)
    .option("--stage <name>", `those that can be played there: ${stageNames.join(", ")}`, oneOf(...stageNames))
    .option("--config <file>", configHelp)
    .option("--json", "as JSON")
    .addHelpText("after", listHelp)
    .action(async (flags: ListFlags) => ended(await (await import("./list-command.ts")).listCommand(flags)));
  program
    .command("show")
    .description("show one scenario's plan: its steps and what it expects")
    .argument("<name>", "from `scenarios list`, or a file")
    .option("--config <file>", configHelp)
    .option("--json", "as JSON")
    .action(async (name: string, flags: { config?: string; json?: boolean }) =>
      ended(await (await import("./show-command.ts")).showCommand(name, flags)),
    );
  program
    .command("recheck")
    .description("judge a stored run's history again, with the checkers of today")
    .argument("[run]", "a run's name, its directory, or latest", "latest")
    .option("--runs <dir>", "where run directories lie", rootDefault)
    .option("--config <file>", configHelp)
    .option("--json", "as JSON")
    .addHelpText("after", recheckHelp)
    .action(async (run: string, flags: RecheckFlags) =>
      ended(await (await import("./recheck-command.ts")).recheckCommand(run, flags)),
    );
  program
    .command("compare")
    .description("show what is different between two stored runs")
    .argument("<a>", "a run's name, its directory, or latest")
    .argument("<b>", "the later one")
    .option("--runs <dir>", "where run directories lie", rootDefault)
    .option("--json", "as JSON")
    .addHelpText("after", compareHelp)
    .action(async (a: string, b: string, flags: CompareFlags) =>
      ended((await import("./compare-command.ts")).compareCommand(a, b, flags)),
    );
  program
    .command("merge")
    .description("report the runs of several shards as those of one command")
    .argument("<dir...>", "what each shard was given as --output")
    .option("--output <dir>", "copy all runs there as well")
    .option("--reporter <name[=file],...>", "as of `scenarios run`", collect)
    .option("--json", "short for --reporter json")
    .option("--fail-on-flaky", "a flaky run is a failed one")
    .addHelpText("after", mergeHelp)
    .action(async (directories: string[], flags: MergeFlags) =>
      ended((await import("./merge-command.ts")).mergeCommand(directories, flags)),
    );
}

function addRun(program: Command, ended: (exitCode: number) => void): void {
  program
    .command("run")
    .description("run scenarios on this machine or in virtual time")
    .argument("[name...]", "names or globs from `scenarios list`, files, or all")
    .option("--all", "every scenario, as the name all")
    .option("-g, --grep <regexp>", "those whose name, title, @tags or rows match", nonEmpty)
    .option("--grep-invert <regexp>", "but not those that match", nonEmpty)
    .option("--last-failed", "only what came to no good end the last time")
    .option("--repeat-each <n>", "run each so many times, with seeds of their own (default: 1)", whole(repeatsMax))
    .option("--shard <k/n>", "the kth of n parts of equal size", shard)
    .option(
      "-j, --workers <n>",
      "how many at once (default: 1); what touches all of the host runs alone, and on netns each",
      whole(workersMax),
    )
    .option(
      "--retries <n>",
      "run again what failed or is unknown, but nothing that left residue on this host (default: 0)",
      count(retriesMax),
    )
    .option("--fail-on-flaky", "a run that passed only when retried is a failed one")
    .option("-x", "stop after the first failure")
    .option("--max-failures <n>", "stop after so many failures", whole(repeatsMax))
    .option(
      "--stage <name>",
      "host: on this machine; netns: the same, each actor in a network of its own (root); sim: on modelled hosts, in virtual time (default: host)",
    )
    .option("--slots <n>", "how many jobs an agent runs at once", whole(limits.slotsMax))
    .option(
      "--jobs <n>",
      "how many jobs are submitted; what waits for them waits longer the more there are",
      whole(limits.jobsPerRunMax),
    )
    .option("--cycles <n>", "how many times, where the scenario does something over and over", whole(limits.cyclesMax))
    .option("--seed <text>", "what every drawn figure follows from (default: drawn and printed)", nonEmpty)
    .option("--store <kind>", "the broker's store: memory, sqlite, or redis, a server of its own", oneOf(...storeKinds))
    .option(
      "--policy <name>",
      "developer takes a partial view as a pass; ci and strict do not (default: by user)",
      oneOf("developer", "ci", "strict"),
    )
    .option(
      "--deadline, --timeout <time>",
      "undo everything and stop when a run takes longer (90s, 2m; default 10m, in proportion longer with more cycles where the steps count them, and 5s more for each job more than the scenario's own; a day at the most)",
      seconds,
    )
    .option("--agent <file>", "an adapter of somebody else's agent, on the stage host")
    .option("--config <file>", configHelp)
    .option("--artifact <file>", "a file that is tested; its digest is kept for attestations; may be repeated", collect)
    .option("--runs, --output <dir>", `where run directories are made (default: ${rootDefault})`)
    .option("--keep", "keep the agents' homes of runs that broke off on the host, in the run directory")
    .option("--yes", "run what may hurt others on this machine without asking")
    .option("--dry-run", "show what would run, in order, and do nothing")
    .option(
      "--reporter <name[=file],...>",
      `${reporterNames.join(", ")} (default: line, of several runs list); may be repeated; a file takes its output`,
      collect,
    )
    .option("--json", "the verdict as JSON on stdout, of several runs a line each; short for --reporter json")
    .addHelpText("after", runHelp)
    .action(async (names: string[], flags: GivenFlags) => {
      const { runCommand } = await import("./run-command.ts");
      ended(await runCommand(names, flags));
    });
}
