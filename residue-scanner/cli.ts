import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Command, CommanderError, Option } from "commander";

import { HouseguestError, messageOf } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { residuePolicies } from "../protocol/residue-report.ts";
import { diffCommand, type DiffCommandOptions } from "./commands/diff.ts";
import { doctorCommand, type DoctorCommandOptions } from "./commands/doctor.ts";
import { explainCommand, type ExplainCommandOptions } from "./commands/explain.ts";
import {
  exitCodesHelp,
  policyHelp,
  recorderHelp,
  snapshotExitCodesHelp,
  watchExitCodesHelp,
  whereCommandStands,
} from "./commands/help-texts.ts";
import { Interruption } from "./commands/interruption.ts";
import { codeWhenLost, watchOutput } from "./commands/output.ts";
import { runWatched, type RunCommandOptions } from "./commands/run.ts";
import { snapshotCommand, type SnapshotCommandOptions } from "./commands/snapshot.ts";
import { watchCommand, type WatchCommandOptions } from "./commands/watch.ts";

/**
 * The program `residue`.
 *
 * @returns the exit code
 */
export async function main(argv: string[]): Promise<number> {
  const lostOutput = watchOutput();
  const exitCode = await runProgram(argv);
  const lost = await lostOutput();
  if (lost === null) return exitCode;
  process.stderr.write(`${lost} Look whether the disk is full, or write elsewhere.\n`);
  return codeWhenLost(exitCode);
}

async function runProgram(argv: string[]): Promise<number> {
  const interruption = new Interruption();
  let exitCode: number = ExitCode.pass;
  const program = buildProgram(interruption, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return explain(error, interruption.signal);
  }
}

function buildProgram(interruption: Interruption, end: (exitCode: number) => void): Command {
  const program = new Command("residue")
    .description("Tells what was left on this host: files, processes, sockets, crontab lines, control groups.")
    .version(packageVersion())
    // What stands after the command is the command's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .addHelpText("after", exitCodesHelp);
  const policy = () =>
    new Option(
      "--policy <name>",
      "whether not seeing everything passes: developer (yes), ci, strict (no). Default: ci for root and the whole host, else developer",
    ).choices(residuePolicies);
  const policyFile = () =>
    new Option("--policy-file <file>", "a policy of your own, with waivers (see below)").conflicts("policy");
  const sarif = () => new Option("--sarif <file>", "write the report as SARIF 2.1.0 to a file, for code scanning");
  program
    .command("snapshot")
    .description("Read the whole host once.")
    .option("-o, --output <file>", "keep the snapshot for `residue diff`")
    .option("--json", "print the outcome as JSON")
    .option("--root <directory...>", "read the files of these directories only")
    .addHelpText("after", "\nExample:\n  residue snapshot --output before.snap")
    .addHelpText("after", snapshotExitCodesHelp)
    .action(async (options: SnapshotCommandOptions) => {
      end(await interruption.during((signal) => snapshotCommand(options, signal)));
    });
  program
    .command("diff")
    .description("Compare two snapshots, or one with the host as it is now.")
    .argument("<before>", "a snapshot")
    .argument("[after]", "a later one")
    .option("--now", "compare with the host as it is now")
    .option("--json", "print the report as JSON")
    .addOption(policy())
    .addOption(policyFile())
    .addOption(sarif())
    .addHelpText("after", policyHelp)
    .addHelpText("after", "Examples:\n  residue diff before.snap --now\n  residue diff before.snap after.snap --json")
    .addHelpText("after", exitCodesHelp)
    .action(async (before: string, after: string | undefined, options: DiffCommandOptions) => {
      end(await interruption.during((signal) => diffCommand({ before, after }, options, signal)));
    });
  program
    .command("run")
    .description("Run a command and tell what it left on this host. The report goes to stderr.")
    .argument("<command...>", "the command, after --")
    .usage("[options] -- <command...>")
    .passThroughOptions()
    .option("--json", "print the report as JSON to stdout, after what the command printed")
    .option("--report <file>", "write the report as JSON to a file")
    .option("--root <directory...>", "watch the files of these directories only")
    .option(
      "--kill-leftovers",
      "kill processes that the command left and remove its empty cgroups, after they were reported",
    )
    .option(
      "--dwell <seconds>",
      "read the host again after so long, for what was delegated to cron or a timer. Default: 130 under strict, else 0",
    )
    .option("--no-dwell", "do not wait for that: quicker, and weaker")
    .option("--no-recorder", "do not record who does what meanwhile: quicker to start, and weaker (see below)")
    .addOption(policy())
    .addOption(policyFile())
    .addOption(sarif())
    .addHelpText("after", `${recorderHelp}${policyHelp}`)
    .addHelpText(
      "after",
      "Examples:\n  residue run -- make install\n  residue run --policy strict --report residue.json -- ./job.sh\n  residue run --policy-file policy.json --sarif residue.sarif -- ./job.sh",
    )
    .addHelpText("after", `${exitCodesHelp}  other  the command's own exit code, when it failed and left nothing\n`)
    .action(async (command: string[], options: RunCommandOptions) => {
      end(await runWatched(command, options, interruption));
    });
  addInquiries(program, interruption, end);
  return program;
}

/** Commands that ask, and judge nothing. */
function addInquiries(program: Command, interruption: Interruption, end: (exitCode: number) => void): void {
  program
    .command("explain")
    .description("Tell all that a report knows of one finding: what, where, whose, why, and how to remove it.")
    .argument("<id>", "the id of a finding, or a part of it that no other has")
    .requiredOption("--report <file>", "a report of `residue run --report`, or a scenario's verdict.json")
    .option("--json", "print the finding as JSON")
    .addHelpText("after", "\nExamples:\n  residue explain files:/etc/cron.d/x --report residue.json")
    .addHelpText("after", "  residue explain cron.d/x --report residue.json --json")
    .addHelpText("after", "\nExit codes:\n  0    the finding was told\n  64   there is no such finding, or no report\n")
    .action((id: string, options: ExplainCommandOptions) => {
      end(explainCommand(id, options));
    });
  program
    .command("watch")
    .description("Run a command and show live which files it touches and what it asks the kernel for, by process.")
    .argument("<command...>", "the command, after --")
    .usage("[options] -- <command...>")
    .passThroughOptions()
    .option("--json", "one JSON object a line to stdout, between what the command prints")
    .option("--all", "show what others do meanwhile as well")
    .addHelpText("after", "\nIt needs root. Lines go to stderr: time, pid, program, what it did, where.\n")
    .addHelpText(
      "after",
      "Examples:\n  sudo residue watch -- apt-get install -y hello\n  sudo residue watch --json -- make",
    )
    .addHelpText("after", watchExitCodesHelp)
    .action(async (command: string[], options: WatchCommandOptions) => {
      end(await watchCommand(command, options, interruption));
    });
  program
    .command("doctor")
    .description("Tell what this user can see of this host, and what would show more.")
    .option("--json", "print the diagnosis as JSON")
    .addHelpText("after", "\nExamples:\n  residue doctor\n  sudo residue doctor --json")
    .addHelpText(
      "after",
      "\nExit codes:\n  0    everything can be seen: a run can be called clean\n  2    something cannot; the report names it, and the best verdict of a run\n",
    )
    .action(async (options: DoctorCommandOptions) => {
      // It records, and makes a cgroup to try: neither may outlive it.
      end(await interruption.heldDuring(async () => await doctorCommand(options, interruption.signal)));
    });
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

function explain(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ExitCode.pass;
    // Help that nobody asked for was printed because there was no command.
    if (error.code === "commander.help") return ExitCode.usage;
    const next = error.message.includes("argument 'command'") ? `${whereCommandStands}\n` : "";
    process.stderr.write(`${error.message.replace(/^error: /, "")}\n${next}See "residue --help".\n`);
    return ExitCode.usage;
  }
  if (signal.aborted) {
    process.stderr.write("Interrupted; nothing was left to undo.\n");
    return ExitCode.interrupted;
  }
  if (error instanceof HouseguestError) {
    process.stderr.write(`${error.message} ${error.next}\n`);
    return error.exitCode;
  }
  process.stderr.write(`This is a bug in residue: ${messageOf(error)}\n${error instanceof Error ? error.stack : ""}\n`);
  return ExitCode.harnessBug;
}
