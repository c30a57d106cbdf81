import { inspect } from "node:util";

import { Command, CommanderError } from "commander";

import { HouseguestError, UsageError } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { rootDefault } from "../reports/runs/run-directory.ts";
import { streamOutput } from "../reports/stream-output.ts";
import { addRunCommands, exitCodes } from "./commands/run-options.ts";
import { addSimulatorCommands } from "./commands/simulator-options.ts";
import { StillLoading } from "./loading/import-file.ts";
import { guardEnd, noteResult } from "./program-end.ts";

const examples = `
Examples:
  scenarios list
  scenarios run withdraw-under-load
  scenarios run --all --stage sim
  scenarios simulate --seeds 200
  scenarios heal
${exitCodes}`;

const doctorHelp = `
Each thing is tried and taken back; nothing is left. \`npx residue doctor\` tells
more about what of the host can be seen.

Examples:
  scenarios doctor
  scenarios doctor --json | jq '.probes[] | select(.status != "ok")'

Exit codes:
  0   everything in the catalogue can run here
  1   something cannot: the output says what would make it possible`;

/** The program `scenarios`; resolves to its exit code. */
export async function main(argv: string[]): Promise<number> {
  // From here on both are watched, whoever writes to them: commander writes the help by itself.
  const stdout = streamOutput(process.stdout);
  const stderr = streamOutput(process.stderr);
  guardEnd();
  let exitCode: number = ExitCode.pass;
  let isStuck = false;
  const program = build((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    exitCode = explain(error);
    isStuck = error instanceof StillLoading;
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
  // What keeps that file waiting may keep the process for ever.
  if (isStuck) process.exit(noteResult(exitCode));
  return noteResult(exitCode);
}

function build(ended: (exitCode: number) => void): Command {
  const program = new Command("scenarios")
    .description("Drives a real agent and a real broker through their life on this machine and proves what is left.")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", examples);
  addRunCommands(program, ended);
  addSimulatorCommands(program, ended);
  program
    .command("faults")
    .description("show what steps can break on purpose, what each needs, and whether this machine can")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Examples:
  scenarios faults
  scenarios faults --json | jq -r '.[] | select(.missing == null).name'`,
    )
    .action(async (flags: { json?: boolean }) => {
      const { faultsCommand } = await import("./commands/faults-command.ts");
      ended(faultsCommand(flags));
    });
  program
    .command("checkers")
    .description("show what expectations can check, and what each can be told")
    .argument("[name]", "one of them")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      `
Examples:
  scenarios checkers jobs-settled
  scenarios checkers --json | jq -r '.[] | select(.settings != []).name'`,
    )
    .action(async (name: string | undefined, flags: { json?: boolean }) => {
      const { checkersCommand } = await import("./commands/checkers-command.ts");
      ended(checkersCommand(name, flags));
    });
  program
    .command("events")
    .description("show what stands in a history, to be waited for with wait-until, and its fields")
    .argument("[name]", "one of them")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExamples:\n  scenarios events agent.frozen\n  scenarios events --json | jq -r .[].name")
    .action(async (name: string | undefined, flags: { json?: boolean }) => {
      const { eventsCommand } = await import("./commands/events-command.ts");
      ended(eventsCommand(name, flags));
    });
  program
    .command("heal")
    .description("undo what runs left that were killed before they could")
    .option("--runs <dir>", "where run directories lie", rootDefault)
    .option("--json", "as JSON")
    .action(async (flags: { runs: string; json?: boolean }) => {
      const { healCommand } = await import("./commands/heal-command.ts");
      ended(await healCommand(flags));
    });
  program
    .command("doctor")
    .description("try what scenarios need of this machine, and say what would make the rest possible")
    .option("--json", "as JSON")
    .addHelpText("after", doctorHelp)
    .action(async (flags: { json?: boolean }) => {
      const { doctorCommand } = await import("./commands/doctor-command.ts");
      ended(await doctorCommand(flags));
    });
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
