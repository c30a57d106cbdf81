import { Command } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";

/** `broker-sim cancel`: ends a job, wherever it is. */
export function cancelCommand(finish: Finish): Command {
  return withBrokerOption(new Command("cancel"))
    .description("cancel a job; its agent is told to stop it")
    .argument("<job>", "the job's id, as `broker-sim jobs` lists it")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ broker-sim cancel job-k3f9a1-7")
    .action(async (jobId: string, options: BrokerOption & { json?: boolean }) => {
      await clientFor(options).cancel(jobId);
      process.stdout.write(
        options.json === true ? `${JSON.stringify({ ok: true, jobId })}\n` : `${jobId} is cancelled.\n`,
      );
      finish(ExitCode.pass);
    });
}
