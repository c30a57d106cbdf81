import * as z from "zod";

import { Fault as BrokerRule } from "../../protocol/faults.ts";
import { Toxic, toxicDirections } from "./link/toxic.ts";

/** Somebody of the cast: the broker, an agent by its name, or `store`, the server of a store on Redis. */
const actor = z.string().regex(/^[a-z][a-z0-9-]{0,20}$/);
/** Which of its processes: its own one, or those of an agent's jobs as they are when the fault begins. */
const part = z.enum(["itself", "jobs"]).optional();

/** What can be broken on purpose: plain data, carried out by a file of its own for each kind (`faults/kinds.ts`). */
export const FaultSpec = z.discriminatedUnion("kind", [
  /** kill -9. Whoever was killed is started again when the fault is healed; jobs are not. */
  z.strictObject({ kind: z.literal("kill-process"), process: actor, part }),
  /** SIGSTOP: nothing is seen and nothing is sent; the jobs of an agent that stands still run on. */
  z.strictObject({ kind: z.literal("stop-process"), process: actor, part }),
  /** So much of one CPU is left to it, in percent. */
  z.strictObject({ kind: z.literal("slow-process"), process: actor, part, cpuPercent: z.number().min(1).max(100) }),
  /** On the line of an agent that joined with `link: true`. Both ways unless said otherwise. */
  z.strictObject({
    kind: z.literal("disturb-link"),
    agent: actor,
    toxic: Toxic,
    direction: z.enum(toxicDirections).optional(),
  }),
  /** By the broker's own rules (protocol/faults.ts); for every call of agents unless a route or an agent is named. */
  z.strictObject({
    kind: z.literal("misbehave-broker"),
    rule: BrokerRule,
    /** As `POST /api/v1/agent/heartbeat`. */
    route: z.string().max(200).optional(),
    agent: actor.optional(),
    /** Only the first so many times. */
    first: z.int().min(1).max(1_000_000).optional(),
  }),
  /** The broker is killed, and its store is empty, or as the step `keep-store` of that name kept it. */
  z.strictObject({ kind: z.literal("lose-store"), to: z.string().max(31).optional() }),
  /** The server of a store on Redis forgets everything (FLUSHALL) while the broker runs. */
  z.strictObject({ kind: z.literal("flush-store") }),
  /** That server is killed while the broker runs, and comes back as the step `keep-store` of that name kept it. */
  z.strictObject({ kind: z.literal("rollback-store"), to: z.string().max(31) }),
  /** The wall clock is set for whoever of them is started from now on. */
  z.strictObject({
    kind: z.literal("jump-clock"),
    process: actor,
    /** A minute at the least, or it could not be told from a slow start. */
    byMs: z.int().refine((ms) => Math.abs(ms) >= 60_000, "a jump is a minute or more"),
  }),
  /** No room is left on the disk of an agent that joined with `diskMb`. */
  z.strictObject({ kind: z.literal("fill-disk"), agent: actor }),
  /** Nothing of an agent's home can be made, renamed, removed or opened for writing. */
  z.strictObject({ kind: z.literal("lock-home"), agent: actor }),
  /** So many descriptors more than now can be opened. */
  z.strictObject({ kind: z.literal("limit-descriptors"), process: actor, spare: z.int().min(0).max(1_000_000) }),
  /**
   * System calls of a process fail, or come late. An agent has `fsync` for its journal when it is written anew and
   * `fdatasync` for each line.
   */
  z
    .strictObject({
      kind: z.literal("disturb-calls"),
      process: actor,
      /** By their names, as of syscalls(2). */
      calls: z
        .array(z.string().regex(/^[a-z][a-z0-9_]*$/))
        .min(1)
        .max(16),
      /** As of errno(3). */
      error: z
        .string()
        .regex(/^E[A-Z0-9]+$/)
        .optional(),
      delayMs: z.number().min(0.001).max(60_000).optional(),
      /** Those before it are spared; counted from 1, in each thread by itself. */
      from: z.int().min(1).max(65_535).optional(),
      /** Only those on this file: a name below an agent's home, else an absolute path. */
      file: z.string().min(1).max(1_000).optional(),
    })
    .refine(({ error, delayMs }) => error !== undefined || delayMs !== undefined, "an `error`, a `delayMs`, or both"),
  /** So many processes and threads more than now can be started, by it and by all that it starts. */
  z.strictObject({ kind: z.literal("limit-processes"), process: actor, spare: z.int().min(0).max(1_000_000) }),
  /** Somebody else keeps this machine busy. */
  z.strictObject({
    kind: z.literal("load"),
    /** So many processes that do nothing but compute. */
    cpus: z.int().min(0).max(64).optional(),
    /** So many that write files and sync them. */
    disks: z.int().min(0).max(16).optional(),
    /** It ends after so long at the latest, whatever becomes of the harness. */
    atMostS: z.int().min(1).max(600),
  }),
  /** As `load`, by stress-ng: processors, memory, switches and files, in a cgroup of its own. */
  z.strictObject({
    kind: z.literal("storm"),
    /** So many that compute, that switch, and that map memory. */
    cpus: z.int().min(1).max(64),
    /** So many that write files. */
    disks: z.int().min(0).max(16),
    atMostS: z.int().min(1).max(600),
  }),
]);
export type FaultSpec = z.infer<typeof FaultSpec>;
export type FaultKindName = FaultSpec["kind"];
export const faultKindNames: readonly FaultKindName[] = FaultSpec.options.map(({ shape }) => shape.kind.value);
export type FaultSpecOf<Kind extends FaultKindName> = Extract<FaultSpec, { kind: Kind }>;

/** Whether the broker has to be told beforehand that it may be ordered to misbehave. */
export const isOfBroker = ({ kind }: FaultSpec): boolean => kind === "misbehave-broker";

/** What a fault does to whom, for the live report. */
export function faultTitle({ kind, ...settings }: FaultSpec): string {
  return `${kind} (${words(settings).join(", ")})`;
}

function words(settings: object): string[] {
  return Object.entries(settings).flatMap(([name, value]): string[] => {
    if (typeof value === "object" && value !== null) return words(value as object);
    return [typeof value === "string" ? value : `${name} ${String(value)}`];
  });
}
