import type { ExceededLimit } from "../../../protocol/exit-reason.ts";
import type { JobSpec } from "../../../protocol/messages.ts";
import { JobBehaviour } from "../plan/plan.ts";

const command = "simulated-job";
/** So many are read once instead of at every start of a job; a search through seeds comes by ever new ones. */
const keptMax = 4_096;
const kept = new Map<string, JobBehaviour>();

/** A job's submission that a modelled host can run; of the usual priority if none is told. */
export function simulatedJob(behaviour: JobBehaviour, priority?: number): JobSpec {
  const { cooperates, cooperationWaitMs: waitMs } = behaviour;
  const text = JSON.stringify(behaviour);
  // Read from a plan, or drawn for one (plan/profiles.test.ts): what its text says is known already.
  if (!kept.has(text)) keep(text, behaviour);
  return {
    command: [command, text],
    environment: {},
    workspaceBytesMax: 1024 ** 3,
    redeliveriesMax: 3,
    ...(priority === undefined ? {} : { priority }),
    ...(cooperates === "no" ? {} : { checkpoint: { cooperative: { signal: "SIGUSR1", file: "ready", waitMs } } }),
  };
}

/** What a job does, as its submission says. */
export function behaviourOf(job: JobSpec): JobBehaviour {
  const text = job.command[1] ?? "{}";
  const known = kept.get(text);
  if (known !== undefined) return known;
  const behaviour = JobBehaviour.parse(JSON.parse(text));
  keep(text, behaviour);
  return behaviour;
}

function keep(text: string, behaviour: JobBehaviour): void {
  if (kept.size >= keptMax) kept.clear();
  kept.set(text, behaviour);
}

/** What stands for the work of a job: its name and how much of it there was. */
export function chainOf(jobId: string, { units }: Pick<JobBehaviour, "units">): string {
  return `${jobId}:${units}`;
}

/** How a job ends that does not come to its own end: by a crash, or for what it took too much of. */
export function deathOf(
  jobId: string,
  { exceeds, exitCode }: Pick<JobBehaviour, "exceeds" | "exitCode">,
): { readonly exitCode: number | null; readonly signal: string | null; readonly exceeded: ExceededLimit | null } {
  if (exceeds === null) return { exitCode: null, signal: "SIGSEGV", exceeded: null };
  const exceeded = { limit: exceeds, detail: `${jobId} took more than it may: ${exceeds}` };
  // Nothing ends a job that is refused a process but itself.
  if (exceeds === "processes") return { exitCode: Math.max(1, exitCode), signal: null, exceeded };
  return { exitCode: null, signal: endingSignals[exceeds], exceeded };
}

const endingSignals = {
  workspace: "SIGKILL",
  memory: "SIGKILL",
  "file-size": "SIGXFSZ",
  "cpu-time": "SIGXCPU",
} as const;

/** What a job hands in: which job it was, and how many units it did. */
export function resultOf(jobId: string, behaviour: Pick<JobBehaviour, "units">, startedFrom: number): string {
  return JSON.stringify({ chain: chainOf(jobId, behaviour), startedFrom });
}
