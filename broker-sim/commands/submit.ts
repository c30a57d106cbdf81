import { setTimeout as wait } from "node:timers/promises";

import { Command } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { isTerminalJob } from "../../protocol/job-states.ts";
import { JobSpec, type JobView } from "../../protocol/messages.ts";
import type { Finish } from "./finish.ts";
import type { OperatorClient } from "../io/operator-client.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { printable } from "./table.ts";

interface SubmitOptions extends BrokerOption {
  readonly count?: number;
  readonly name?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** How often `--wait` asks how far the jobs are. */
const pollIntervalMs = 250;

/** `broker-sim submit`: hands in jobs, and follows them if asked. */
export function submitCommand(finish: Finish): Command {
  return withBrokerOption(new Command("submit"))
    .description("submit a command as one job or many")
    .argument("<command...>", "the program and its arguments, after --")
    .option("--count <number>", "how many times (default: 1)", readCount)
    .option("--name <text>", "a name for the lists")
    .option("--wait", "follow the jobs until all are settled; exit 1 if any did not complete")
    .option("--json", "print the ids, or with --wait the settled jobs, as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim submit -- sleep 10
  $ broker-sim submit --count 100 --name primes --wait -- node primes.js

Exit codes: 0 submitted, and with --wait all completed · 1 refused, or a job failed or was cancelled · 64 wrong usage`,
    )
    .action(async (command: string[], options: SubmitOptions) => finish(await submit(command, options)));
}

async function submit(command: string[], options: SubmitOptions): Promise<ExitCode> {
  const spec = JobSpec.safeParse({ command, ...(options.name === undefined ? {} : { name: options.name }) });
  if (!spec.success) {
    const detail = spec.error.issues[0]?.message ?? "it is too long";
    throw new UsageError(`The command cannot be a job: ${detail}.`, {
      code: "usage",
      next: "Shorten it, or put it into a script.",
    });
  }
  const client = clientFor(options);
  const jobIds = await client.submit(Array.from({ length: options.count ?? 1 }, () => spec.data));
  if (options.wait !== true) {
    process.stdout.write(options.json === true ? `${JSON.stringify({ jobIds })}\n` : `${jobIds.join("\n")}\n`);
    return ExitCode.pass;
  }
  const jobs = await follow(client, new Set(jobIds));
  process.stdout.write(options.json === true ? `${JSON.stringify({ jobs })}\n` : summary(jobs));
  return jobs.every((job) => job.state === "completed") ? ExitCode.pass : ExitCode.fail;
}

/** Waits until every job is settled, and says on stderr whenever something changed. */
async function follow(client: OperatorClient, jobIds: ReadonlySet<string>): Promise<JobView[]> {
  let said = "";
  for (;;) {
    const jobs = (await client.jobs()).filter((job) => jobIds.has(job.jobId));
    if (jobs.length < jobIds.size) {
      throw new UsageError("The broker does not know the submitted jobs any more.", {
        code: "jobs-forgotten",
        next: "It was started anew with an empty store; submit them again.",
      });
    }
    const line = progressLine(jobs);
    if (line !== said) process.stderr.write(`${line}\n`);
    said = line;
    if (jobs.every((job) => isTerminalJob(job.state))) return jobs;
    await wait(pollIntervalMs);
  }
}

function progressLine(jobs: readonly JobView[]): string {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(job.state, (counts.get(job.state) ?? 0) + 1);
  const states = Array.from(counts, ([state, count]) => `${count} ${state}`).sort();
  const progress = jobs.reduce((sum, job) => sum + job.progress, 0);
  return `${states.join(", ")}; progress ${progress}`;
}

function summary(jobs: readonly JobView[]): string {
  const lines = jobs.map((job) => {
    const detail = job.error ?? job.result?.trimEnd() ?? "";
    return `${job.jobId}  ${job.state}${detail === "" ? "" : `  ${printable(detail).slice(0, 200)}`}`;
  });
  return `${lines.join("\n")}\n`;
}

function readCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,6}$/.test(text) && count >= 1) return count;
  throw new UsageError(`${text} is not a number of jobs.`, {
    code: "usage",
    next: "Give --count a whole number from 1 to 999999.",
  });
}
