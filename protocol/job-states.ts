/**
 * The states of a job at the broker. A job is `offered` or `leased` to at most one agent (I1), and its completion is
 * recorded once (I3).
 */
export const jobStates = ["queued", "offered", "leased", "completed", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

export const jobSuccessors: Record<JobState, readonly JobState[]> = {
  queued: ["offered", "cancelled", "failed"],
  offered: ["leased", "queued", "cancelled", "failed"],
  leased: ["completed", "failed", "queued", "cancelled"],
  completed: [],
  failed: [],
  cancelled: [],
};

export function isTerminalJob(state: JobState): boolean {
  return jobSuccessors[state].length === 0;
}
