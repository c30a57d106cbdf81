import type { JobSpec } from "../../../protocol/messages.ts";
import { JobBehaviour } from "../plan/plan.ts";

const command = "simulated-job";
const kept = new Map<string, JobBehaviour>();

/** A job's submission that a modelled host can run. */
export function simulatedJob(behaviour: JobBehaviour): JobSpec {
  return {
    command: [command, JSON.stringify(behaviour)],
    environment: {},
    workspaceBytesMax: 1024 ** 3,
    redeliveriesMax: 3,
  };
}

/** What a job does, as its submission says. */
export function behaviourOf(job: JobSpec): JobBehaviour {
  const text = job.command[1] ?? "{}";
  const known = kept.get(text);
  if (known !== undefined) return known;
  const behaviour = JobBehaviour.parse(JSON.parse(text));
  kept.set(text, behaviour);
  return behaviour;
}

/** What a job hands in: which job it was, and how many units it did. */
export function resultOf(jobId: string, { units }: Pick<JobBehaviour, "units">, startedFrom: number): string {
  return JSON.stringify({ chain: `${jobId}:${units}`, startedFrom });
}
