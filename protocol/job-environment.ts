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
/**
 * What a broker gives an agent that it starts: which execution it is, and whose. The agent's descendants inherit both,
 * except for its jobs, so that a broker that was killed between the start and its record finds the process again.
 */
export const spawnEnvironment = {
  executionId: "HOUSEGUEST_EXECUTION",
  brokerId: "HOUSEGUEST_SPAWNED_BY",
  /** Where the agent leaves its exit code as text when it ends; it hands this on to nobody. */
  exitFile: "HOUSEGUEST_EXIT_FILE",
} as const;
/** An agent's join token: on the command line it is for every user of the host to see, in the environment it is not. */
export const joinTokenVariable = "HOUSEGUEST_JOIN_TOKEN";
/** A path to which agent and broker append their history records, one JSON object a line; unset means none. */
export const historyVariable = "HOUSEGUEST_HISTORY";
