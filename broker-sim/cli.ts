import { Command, CommanderError } from "commander";

import { AssertionError } from "../foundation/assert.ts";
import { HouseguestError, messageOf } from "../foundation/errors.ts";
import { ExitCode } from "../foundation/exit-codes.ts";
import { agentsCommand } from "./commands/agents.ts";
import { cancelCommand } from "./commands/cancel.ts";
import { commandCommand } from "./commands/command.ts";
import { drainCommand } from "./commands/drain.ts";
import { faultCommand } from "./commands/fault.ts";
import type { Finish } from "./commands/finish.ts";
import { executionsCommand } from "./commands/executions.ts";
import { federationCommand } from "./commands/federation.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { killCommand, killswitchCommand } from "./commands/kill.ts";
import { watchOutput } from "./commands/output.ts";
import { remoteCommand } from "./commands/remote.ts";
import { serveCommand } from "./commands/serve.ts";
import { spawnCommand } from "./commands/spawn.ts";
import { submitCommand } from "./commands/submit.ts";
import { tokenCommand } from "./commands/token.ts";

/** Runs `broker-sim` with the arguments after its name, and returns its exit code. */
export async function main(argv: string[]): Promise<number> {
  let exitCode: ExitCode = ExitCode.pass;
  const finish: Finish = (code) => {
    exitCode = code;
  };
  const program = buildProgram(finish);
  const output = watchOutput();
  try {
    await program.parseAsync(argv, { from: "user" }).catch(onlyWhatWasAskedFor);
    // What could not be told of a failure is a failure already.
    if (exitCode === ExitCode.pass) await output.assertWritten();
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

function buildProgram(finish: Finish): Command {
  const program = new Command("broker-sim")
    .description("A broker that hands out work to agents: leases with epochs, checkpoints, signed requests.")
    .exitOverride()
    .showHelpAfterError("(broker-sim --help shows what there is)")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim serve --port 7077
  $ broker-sim submit --count 20 --wait -- \\
      sh -c 'echo 1 > "$HOUSEGUEST_PROGRESS_FILE"'
  $ broker-sim jobs --broker http://127.0.0.1:7077
  $ broker-sim command 3f2a9c pause
  $ broker-sim spawn --slots 2 --wait
  $ broker-sim killswitch

Exit codes:
  0   done
  1   the broker refused, a job failed, or the outcome could not be written
  2   submit --wait does not know what became of its jobs
  64  wrong usage, nothing was done
  70  a bug of ours`,
    );
  const ofWork = [submitCommand, jobsCommand, agentsCommand, cancelCommand, commandCommand];
  const ofOperations = [tokenCommand, drainCommand, faultCommand];
  const ofExecutions = [spawnCommand, executionsCommand, killCommand, killswitchCommand];
  const ofFederation = [federationCommand, remoteCommand];
  for (const command of [serveCommand, ...ofWork, ...ofOperations, ...ofExecutions, ...ofFederation]) {
    program.addCommand(command(finish).copyInheritedSettings(program));
  }
  return program;
}

/** Commander ends so after help that was asked for. */
function onlyWhatWasAskedFor(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
}

function explain(error: unknown): ExitCode {
  // It has printed what is wrong.
  if (error instanceof CommanderError) return ExitCode.usage;
  if (error instanceof HouseguestError) {
    process.stderr.write(`${error.message}\n${error.next}\n`);
    return error.exitCode;
  }
  const detail = error instanceof AssertionError ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`broker-sim failed by a fault of its own: ${detail}\n`);
  return ExitCode.harnessBug;
}
