/**
 * The environment variables that an agent gives a job, and by which a process is recognised afterwards. The run marker
 * comes from the harness through the agent; descendants inherit all of them.
 */
export const jobEnvironment = {
  jobId: "HOUSEGUEST_JOB",
  leaseId: "HOUSEGUEST_LEASE",
  epoch: "HOUSEGUEST_EPOCH",
  agentId: "HOUSEGUEST_AGENT",
  /** The scoped working directory, which is the current directory too. */
  workspace: "HOUSEGUEST_WORKSPACE",
  /** A file in the workspace where the job writes its progress: one number as text, replaced as it likes. */
  progressFile: "HOUSEGUEST_PROGRESS_FILE",
  /** A file in the workspace where the job leaves its result, if it has one (`limits.resultBytesMax`). */
  resultFile: "HOUSEGUEST_RESULT_FILE",
} as const;

/** Set by whoever watches a run (`scenarios`, `residue run`); its value names that run. */
export const runMarker = "HOUSEGUEST_RUN";
/** A path to which agent and broker append their history records, one JSON object a line; unset means none. */
export const historyVariable = "HOUSEGUEST_HISTORY";
