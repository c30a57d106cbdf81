import { Command, Option } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { limits } from "../../foundation/limits.ts";
import { CooperativeCheckpoint, cooperationWaitMsMax } from "../../protocol/cooperative-checkpoint.ts";
import { JobSpec, type JobView } from "../../protocol/messages.ts";
import type { Finish } from "./finish.ts";
import { type BrokerOption, clientFor, withBrokerOption } from "./broker-option.ts";
import { followJobs } from "./follow-jobs.ts";
import { type PatienceOption, patienceMsOf, patienceOption } from "./patience-option.ts";
import { printable } from "./table.ts";

interface SubmitOptions extends BrokerOption, PatienceOption {
  readonly count?: number;
  readonly name?: string;
  readonly priority?: number;
  readonly checkpointSignal?: string;
  readonly checkpointFile?: string;
  readonly checkpointWait?: number;
  readonly json?: boolean;
}

const checkpointAdvice = `Give --checkpoint-file a plain name, and --checkpoint-wait up to ${cooperationWaitMsMax} ms.`;

/** `broker-sim submit`: hands in jobs, and follows them if asked. */
export function submitCommand(finish: Finish): Command {
  return withBrokerOption(new Command("submit"))
    .description("submit a command as one job or many")
    .argument("<command...>", "the program and its arguments, after --")
    .option("--count <number>", "how many times (default: 1)", readCount)
    .option("--name <text>", "a name for the lists")
    .option(
      "--priority <number>",
      `from -${limits.priorityMax} to ${limits.priorityMax}; the highest are offered first (default: 0)`,
      readPriority,
    )
    .addOption(
      new Option(
        "--checkpoint-signal <name>",
        "tells the job to bring what it has in memory into its files before a checkpoint that can wait",
      ).choices(CooperativeCheckpoint.shape.signal.options),
    )
    .option("--checkpoint-file <name>", "what the job writes in its workspace when it has done so, anew each time")
    .option(
      "--checkpoint-wait <ms>",
      `how long that is waited for (default: 2000, at most ${cooperationWaitMsMax})`,
      readMs,
    )
    .option("--wait", "follow the jobs until all are settled; their ids go to stderr at once")
    .addOption(patienceOption())
    .option("--json", "print the ids, or with --wait the settled jobs, as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  $ broker-sim submit -- sleep 10
  $ broker-sim submit --count 100 --name primes --wait -- node primes.js
  $ broker-sim submit --priority -5 -- sh nightly.sh
  $ broker-sim submit --checkpoint-signal SIGUSR1 --checkpoint-file ready \\
      -- ./solve

Exit codes:
  0   submitted, and with --wait all completed
  1   refused, or with --wait a job failed or was cancelled
  2   submitted, and --wait does not know what became of the jobs: the broker
      did not answer for too long, or has forgotten them
  64  wrong usage; nothing was submitted`,
    )
    .action(async (command: string[], options: SubmitOptions) => finish(await submit(command, options)));
}

async function submit(command: string[], options: SubmitOptions): Promise<ExitCode> {
  const { name, priority, count = 1 } = options;
  const patienceMs = patienceMsOf(options);
  const checkpoint = cooperation(options);
  const spec = JobSpec.safeParse({
    command,
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  });
  if (!spec.success) {
    const { path, message } = spec.error.issues[0] ?? { path: [], message: "it is too long" };
    const what = path[0] === "checkpoint" ? "cooperate with its checkpoints so" : "be a job";
    throw new UsageError(`The command cannot ${what}: ${message}.`, {
      code: "usage",
      next: path[0] === "checkpoint" ? checkpointAdvice : "Shorten it, or put it into a script.",
    });
  }
  const client = clientFor(options);
  const jobIds = await client.submit(Array.from({ length: count }, () => spec.data));
  if (options.wait !== true) {
    process.stdout.write(options.json === true ? `${JSON.stringify({ jobIds })}\n` : `${jobIds.join("\n")}\n`);
    return ExitCode.pass;
  }
  // Whatever becomes of the wait, they are known.
  process.stderr.write(`${jobIds.join("\n")}\n`);
  const jobs = await followJobs(jobIds, {
    list: async () => await client.jobs(),
    patienceMs,
    tell: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(options.json === true ? `${JSON.stringify({ jobs })}\n` : summary(jobs));
  return jobs.every((job) => job.state === "completed") ? ExitCode.pass : ExitCode.fail;
}

/** How the job takes part in its checkpoints; undefined when it does not. */
function cooperation({ checkpointSignal: signal, checkpointFile: file, checkpointWait: waitMs }: SubmitOptions) {
  if (signal === undefined && file === undefined && waitMs === undefined) return undefined;
  if (signal === undefined) throw meaningless("--checkpoint-file and --checkpoint-wait", "--checkpoint-signal");
  if (file === undefined) throw meaningless("--checkpoint-signal", "--checkpoint-file");
  return { cooperative: { signal, file, ...(waitMs === undefined ? {} : { waitMs }) } };
}

function meaningless(option: string, without: string): UsageError {
  return new UsageError(`${option} ${option.includes(" ") ? "have" : "has"} no meaning without ${without}.`, {
    code: "usage",
    next: `Add ${without}, or leave it out.`,
  });
}

function summary(jobs: readonly JobView[]): string {
  const lines = jobs.map((job) => {
    const detail = job.error ?? job.result?.trimEnd() ?? "";
    return `${job.jobId}  ${job.state}${detail === "" ? "" : `  ${printable(detail).slice(0, 200)}`}`;
  });
  return `${lines.join("\n")}\n`;
}

function readPriority(text: string): number {
  const priority = Number(text);
  if (/^[+-]?\d{1,3}$/.test(text) && Math.abs(priority) <= limits.priorityMax) return priority;
  throw new UsageError(`${text} is not a priority.`, {
    code: "usage",
    next: `Give --priority a whole number from -${limits.priorityMax} to ${limits.priorityMax}; 0 is the usual one.`,
  });
}

function readCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,6}$/.test(text) && count >= 1) return count;
  throw new UsageError(`${text} is not a number of jobs.`, {
    code: "usage",
    next: "Give --count a whole number from 1 to 999999.",
  });
}

function readMs(text: string): number {
  const ms = Number(text);
  if (/^\d{1,5}$/.test(text) && ms >= 1 && ms <= cooperationWaitMsMax) return ms;
  throw new UsageError(`${text} is no time to wait for a checkpoint.`, {
    code: "usage",
    next: `Give --checkpoint-wait whole milliseconds, from 1 to ${cooperationWaitMsMax}.`,
  });
}
