import { setImmediate } from "node:timers/promises";

import { Command, CommanderError } from "commander";

import { AssertionError } from "../foundation/assert.ts";
import { HouseguestError, messageOf, systemCode } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import type { Finish } from "./commands/finish.ts";
import { AgentError } from "./io/agent-error.ts";
import { joinCommand } from "./commands/join.ts";
import { pauseCommand } from "./commands/pause.ts";
import { resumeCommand } from "./commands/resume.ts";
import { statusCommand } from "./commands/status.ts";
import { withdrawCommand } from "./commands/withdraw.ts";

/** Runs `donor-agent` with the arguments after its name, and returns its exit code. */
export async function main(argv: string[]): Promise<number> {
  let exitCode: number = ExitCode.pass;
  // Whoever started us may stop reading (`| head`, a shell that went on); that is no reason to end, nor a failure.
  let unwritten: unknown = null;
  process.stdout.on("error", (error) => {
    if (systemCode(error) !== "EPIPE") unwritten = error;
  });
  process.stderr.on("error", () => undefined);
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    // Streams tell of an error in a later turn.
    await setImmediate();
    if (unwritten !== null && exitCode === ExitCode.pass) throw notTold(unwritten);
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

function notTold(cause: unknown): AgentError {
  return new AgentError(`What was asked for was done, but its outcome could not be written: ${messageOf(cause)}.`, {
    code: "not-told",
    next: "Make room where the output goes, and ask `donor-agent status`.",
    cause,
  });
}

function buildProgram(finish: Finish): Command {
  const program = new Command("donor-agent")
    .description("Lends this host to a broker, and gives it back the moment its owner asks.")
    .exitOverride()
    .showHelpAfterError("(donor-agent --help shows what there is)")
    .addHelpText(
      "after",
      `
Examples:
  $ donor-agent join --broker http://127.0.0.1:7077 --token TOKEN
  $ donor-agent join --pause-on-touch ~/project --quiet 600
                                 pauses by itself while you work there
  $ donor-agent status
  $ donor-agent pause            every job is stopped, the CPU is yours
  $ donor-agent resume
  $ donor-agent withdraw         nothing of the agent is left on this host

Exit codes:
  0    done
  1    not done: refused, or something was left; or done, with records missing
       in the history; the message says what to do
  64   the command line or this machine does not allow it; nothing was done
  70   a bug of the agent
  130  ended at once, by a third signal`,
    );
  for (const command of [
    joinCommand(finish),
    statusCommand(finish),
    pauseCommand(finish),
    resumeCommand(finish),
    withdrawCommand(finish),
  ]) {
    program.addCommand(command.exitOverride().showHelpAfterError(`(donor-agent ${command.name()} --help shows how)`));
  }
  return program;
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  if (error instanceof HouseguestError) {
    process.stderr.write(`donor-agent: ${error.message}\n${error.next}\n`);
    return error.exitCode;
  }
  const text = error instanceof AssertionError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? "");
  process.stderr.write(`donor-agent: a bug: ${text}\nPlease report it with the command that you ran.\n`);
  return ExitCode.harnessBug;
}
