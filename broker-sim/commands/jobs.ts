import { Command, Option } from "commander";

import { ExitCode } from "../../foundation/exit-codes.ts";
import { jobStates } from "../../protocol/job-states.ts";
import type { JobView } from "../../protocol/messages.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { jobNote } from "./job-note.ts";
import { printable, table } from "./table.ts";

const reasonCharactersMax = 60;

/** `broker-sim jobs`: lists the jobs in the order in which they were submitted. */
export function jobsCommand(finish: Finish): Command {
  return withBrokerOption(new Command("jobs"))
    .description("list the jobs")
    .addOption(new Option("--state <state>", "only those in this state").choices(jobStates))
    .option("--dead", "only those that the broker gave up, because no agent outlived them")
    .option("--json", "print the broker's answer as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ broker-sim jobs\n  $ broker-sim jobs --state leased --json\n  $ broker-sim jobs --dead",
    )
    .action(async (options: BrokerOption & { state?: string; dead?: boolean; json?: boolean }) => {
      const all = await clientFor(options).jobs({ onlyDead: options.dead === true });
      const jobs = options.state === undefined ? all : all.filter((job) => job.state === options.state);
      process.stdout.write(options.json === true ? `${JSON.stringify({ jobs })}\n` : jobTable(jobs));
      finish(ExitCode.pass);
    });
}

function jobTable(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return "No jobs.\n";
  const head = ["JOB", "STATE", "PRIORITY", "EPOCH", "PROGRESS", "CHECKPOINT", "AGENT", "COMMAND", "NOTE"];
  return table(
    head,
    jobs.map((job) => [
      job.jobId,
      job.state,
      String(job.job.priority ?? 0),
      String(job.epoch),
      String(job.progress),
      job.checkpoint === null ? "-" : `at ${job.checkpoint.progress}`,
      job.agentId?.slice(0, 12) ?? "-",
      printable(job.job.name ?? job.job.command.join(" ")).slice(0, 40),
      jobNote(job, { reasonCharactersMax }),
    ]),
  );
}
