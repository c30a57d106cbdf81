import type { JobRecord } from "../../../broker-sim/core/records.ts";
import { exitInWords, exitReasonOf } from "../../../protocol/exit-reason.ts";
import type { JobBehaviour } from "../plan/plan.ts";
import { behaviourOf, chainOf, deathOf } from "./job-behaviours.ts";
import type { World } from "./world.ts";

/**
 * Compares how a job ended for the broker with what the job really does, and records it: each result that was handed
 * in, and of the failures those that are none.
 */
export function witnessResult(world: World, job: JobRecord): void {
  const { startedFrom } = handedIn(job);
  const problem = problemOf(job, behaviourOf(job.job));
  if (job.state === "failed" && problem === null) return;
  world.record(world.harness, "witness.result", {
    jobId: job.jobId,
    correct: problem === null,
    startedFrom: startedFrom ?? null,
    detail: problem ?? "as computed",
  });
}

function problemOf(job: JobRecord, behaviour: JobBehaviour): string | null {
  const { state, exitCode, result, error, progress, settledBy, redeliveries } = job;
  const { units, diesAfterUnits, spawnFails } = behaviour;
  const dies = diesAfterUnits !== null && diesAfterUnits < units;
  const endsWell = !dies && !spawnFails && behaviour.exitCode === 0;
  if (job.completedAt === null) return "it is over, and nobody knows since when";
  if (state === "completed" && job.startedAt === null) return "it is done, and was never begun";
  if (job.grant !== null) return "it is over, and somebody still holds it";
  if (state === "completed") {
    if (!endsWell) return "it counts as completed, and it does not end well";
    if (handedIn(job).chain !== chainOf(job.jobId, behaviour)) return `the result is ${result ?? "missing"}`;
    if (exitCode !== 0) return `it ended with ${exitCode ?? "no exit code"}, and that is not 0`;
    if (error !== null) return `it counts as completed, and there is an error: ${error}`;
    return progress === units && settledBy !== null ? null : `it counts as completed at progress ${progress}`;
  }
  if (error === null) return "it failed, and nobody says why";
  if (settledBy === null) return redeliveries === job.job.redeliveriesMax ? null : "it was given up too early";
  if (endsWell) return `it counts as failed, and it ends well: ${error}`;
  const end = dies ? deathOf(job.jobId, behaviour) : { exitCode: behaviour.exitCode, signal: null, exceeded: null };
  if (exitCode !== end.exitCode) {
    return `it ended with ${exitCode ?? "a signal"}, and that is not ${end.exitCode ?? "one"}`;
  }
  const why = exitInWords(exitReasonOf(end));
  return error === why ? null : `it ended so: ${why}; and what is told is: ${error}`;
}

function handedIn({ result }: JobRecord): { chain?: string; startedFrom?: number } {
  return JSON.parse(result ?? "{}") as { chain?: string; startedFrom?: number };
}
