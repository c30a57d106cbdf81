import { inspect } from "node:util";

import { Command, CommanderError } from "commander";

import { HouseguestError, UsageError } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { limits } from "../foundation/limits.ts";
import { rootDefault } from "../reports/runs/run-directory.ts";
import { streamOutput } from "../reports/stream-output.ts";
import { healCommand } from "./commands/heal-command.ts";
import { listCommand, showCommand } from "./commands/list-command.ts";
import { collect, nonEmpty, oneOf, seconds, whole } from "./commands/option-values.ts";
import type { RunFlags } from "./commands/run-command.ts";
import { addSimulatorCommands } from "./commands/simulator-options.ts";

const examples = `
Examples:
  scenarios run withdraw-under-load
  scenarios run rapid-pause-resume --cycles 500 --slots 2
  scenarios run all --stage sim
  scenarios run all --reporter line --reporter junit=results.xml
  scenarios run join-work-pause-resume-withdraw --json | jq .verdict.lifecycle
  scenarios simulate --seeds 200
  scenarios list
  scenarios heal

Exit codes:
  0 pass   1 fail   2 unknown
  3 something could not be undone (the message says how to finish it)
  64 usage   70 a bug in the harness   130 interrupted`;

/** The program `scenarios`; resolves to its exit code. */
export async function main(argv: string[]): Promise<number> {
  // From here on both are watched, whoever writes to them: commander writes the help by itself.
  const stdout = streamOutput(process.stdout);
  const stderr = streamOutput(process.stderr);
  let exitCode: number = ExitCode.pass;
  const program = build((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    exitCode = explain(error);
  }
  try {
    await stdout.flushed();
  } catch (error) {
    const untold = explain(error);
    // Whoever reads the code alone is not to take a result that nobody was told for a good one; a bad one stays what it is.
    if (exitCode === ExitCode.pass) exitCode = untold;
  }
  // Where else could it be said that this one cannot be written?
  await stderr.flushed().catch(() => undefined);
  return exitCode;
}

function build(ended: (exitCode: number) => void): Command {
  const program = new Command("scenarios")
    .description("Drives a real agent and a real broker through their life on this machine and proves what is left.")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", examples);
  program
    .command("run")
    .description("run scenarios on this machine or in virtual time, one after the other")
    .argument("<name...>", "names from `scenarios list`, or all")
    .option("--stage <name>", "host: on this machine; sim: on modelled hosts, in virtual time (default: host)")
    .option("--slots <n>", "how many jobs an agent runs at once", whole(limits.slotsMax))
    .option("--jobs <n>", "how many jobs are submitted", whole(limits.jobsPerRunMax))
    .option("--cycles <n>", "how many pauses and resumes, where the scenario has them", whole(limits.cyclesMax))
    .option("--seed <text>", "what every drawn figure follows from (default: drawn and printed)", nonEmpty)
    .option("--store <kind>", "the broker's store: memory or sqlite", oneOf("memory", "sqlite"))
    .option(
      "--policy <name>",
      "developer takes a partial view as a pass; ci and strict do not (default: by user)",
      oneOf("developer", "ci", "strict"),
    )
    .option("--deadline <seconds>", "undo everything and stop when a run takes longer", seconds)
    .option("--config <file>", "configuration (default: houseguest.config.json if there is one)")
    .option("--runs <dir>", "where run directories are made", rootDefault)
    .option("--reporter <name[=file]>", "line, json or junit; may be repeated; a file takes its output", collect, [])
    .option("--json", "the verdict as JSON on stdout, of several runs a line each; short for --reporter json")
    .addHelpText("after", examples)
    .action(async (names: string[], flags: RunFlags) => {
      // Loaded only here, like all that is large: the other commands do without.
      const { runCommand } = await import("./commands/run-command.ts");
      ended(await runCommand(names, flags));
    });
  addSimulatorCommands(program, ended);
  program
    .command("list")
    .description("show the scenarios")
    .option("--json", "as JSON")
    .action((flags: { json?: boolean }) => ended(listCommand(flags)));
  program
    .command("show")
    .description("show one scenario's plan: its steps and what it expects")
    .argument("<name>")
    .option("--json", "as JSON")
    .action((name: string, flags: { json?: boolean }) => ended(showCommand(name, flags)));
  program
    .command("heal")
    .description("undo what runs left that were killed before they could")
    .option("--runs <dir>", "where run directories lie", rootDefault)
    .option("--json", "as JSON")
    .action(async (flags: { runs: string; json?: boolean }) => ended(await healCommand(flags)));
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
}

/** One sentence, what to do next, and the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return ExitCode.pass;
    if (error.code === "commander.help") {
      process.stderr.write("Say what to do: `scenarios list`, `scenarios run NAME`, or `scenarios --help`.\n");
      return ExitCode.usage;
    }
    const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`;
    process.stderr.write(`${sentence} \`scenarios --help\` shows what there is.\n`);
    return ExitCode.usage;
  }
  if (error instanceof HouseguestError) {
    process.stderr.write(`${error.message} ${error.next}\n`);
    return error instanceof UsageError ? ExitCode.usage : error.exitCode;
  }
  // With its cause: an error of a worker thread says little without.
  process.stderr.write(`A bug in the harness: ${inspect(error)}\n`);
  return ExitCode.harnessBug;
}
