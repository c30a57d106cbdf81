import { present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { JobRecord } from "./records.ts";
import type { Turn } from "./turn.ts";
import { enqueueJob } from "./work-hints.ts";

/** A queued job is not offered before its time; it is looked at then. */
export function setAside({ state }: Turn, job: JobRecord): void {
  state.queue.putAside(job);
  state.alarms.ensure("job", job.jobId, present(job.waitsUntil, "a job that stands aside waits until a moment"));
}

/** A job's time has come to be looked at: if it stands aside and has waited for long enough, it takes its place. */
export function endBackoff(turn: Turn, job: JobRecord): void {
  const { queue, alarms } = turn.state;
  if (!queue.hasAside(job.jobId)) return;
  const untilMs = present(job.waitsUntil, "a job that stands aside waits until a moment");
  if (untilMs > turn.nowMs) {
    alarms.ensure("job", job.jobId, untilMs);
    return;
  }
  sometimes("a job had waited for long enough after a failed attempt");
  enqueueJob(turn, job);
}
