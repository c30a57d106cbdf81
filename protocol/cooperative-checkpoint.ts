import * as z from "zod";

/** The longest that a freeze ever waits for a job to put its files in order, in milliseconds. */
export const cooperationWaitMsMax = 10_000;

/** Signals whose default is to end a process, and which nobody else sends to a job. */
const cooperationSignals = ["SIGUSR1", "SIGUSR2", "SIGHUP"] as const;

/**
 * How a job takes part in its checkpoints. Before a freeze that can wait (docs/adr/0011), its first process is sent the
 * signal, if it has a handler for it; one that fetches it otherwise (signalfd(2), sigwait(3)) installs one as well. It then brings what it has in memory into its files, and writes `file` last.
 * From then on its files are ones that it can go on from, though it runs on: whoever changes them replaces whole files
 * by renaming. Who has not written the file within `waitMs` is frozen and archived all the same.
 */
export const CooperativeCheckpoint = z.strictObject({
  signal: z.enum(cooperationSignals),
  /** A name directly in the workspace. The file is written anew each time; its content is the job's own affair. */
  file: z
    .string()
    .max(100)
    .regex(/^(?!\.{1,2}$)(?!\.houseguest-)[A-Za-z0-9._-]+$/, "a plain name, and none of the agent's own"),
  waitMs: z.int().min(1).max(cooperationWaitMsMax).default(2_000),
});
export type CooperativeCheckpoint = z.infer<typeof CooperativeCheckpoint>;
