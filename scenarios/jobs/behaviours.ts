import type { JobBehaviour } from "../simulator/plan/plan.ts";

/** What jobs do beside their work that they should not; a program of each name lies in `behaviours/`. */
export const misbehaviours = [
  "ignores-sigterm",
  "daemonises",
  "fork-bombs",
  "respawns",
  "writes-outside",
  "opens-port",
  "edits-crontab",
  "exhausts-memory",
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

/**
 * What a modelled job does that misbehaves so; undefined for what the model does not have: its jobs have as many
 * processes as they were given, which end in one moment, and neither files nor ports nor a crontab to write to.
 */
export const modelled: Readonly<Record<Misbehaviour, Partial<JobBehaviour> | undefined>> = {
  "ignores-sigterm": { onTerm: "ignores" },
  daemonises: { daemon: true },
  "exhausts-memory": { exceeds: "memory", diesAfterUnits: 10 },
  "fork-bombs": undefined,
  respawns: undefined,
  "writes-outside": undefined,
  "opens-port": undefined,
  "edits-crontab": undefined,
};
