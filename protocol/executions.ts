import * as z from "zod";

import { limits } from "../foundation/limits.ts";
import { executionStates } from "./execution-states.ts";
import { ExecutionId, WallMs } from "./identifiers.ts";

/** An agent that a broker starts on its own host, and what it tells of it (docs/requirements.md, OR-1 to OR-6). */

/** `POST executions`: what is to be started. It joins the broker that starts it. */
export const SpawnSpec = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  /** How many jobs it runs at once. */
  slots: z.int().min(1).max(limits.slotsMax).default(1),
  /** How it confines them (`donor-agent join --sandbox`). */
  sandbox: z.enum(["auto", "bubblewrap", "process"]).default("auto"),
});
export type SpawnSpec = z.infer<typeof SpawnSpec>;

/** `POST executions/:executionId/kill` and `POST executions/killswitch`. */
export const KillRequest = z.strictObject({
  reason: z.string().max(500).default("asked by the operator"),
  /** Without the time in which it hands its jobs back by itself. */
  now: z.boolean().default(false),
});
export type KillRequest = z.infer<typeof KillRequest>;
/** Those that were told to end by it; they are `killing` until nothing of them runs any more. */
export const KillswitchResponse = z.strictObject({ executionIds: z.array(ExecutionId) });

export const ExecutionView = z.strictObject({
  executionId: ExecutionId,
  spec: SpawnSpec,
  state: z.enum(executionStates),
  /** Null until its process is there, or if it never was. */
  pid: z.int().min(1).nullable(),
  spawnedAt: WallMs,
  /** When its process was there; set once (OR-4). */
  startedAt: WallMs.nullable(),
  /** When nothing of it was left; set once (OR-4). */
  completedAt: WallMs.nullable(),
  exitCode: z.int().nullable(),
  error: z.string().nullable(),
});
export type ExecutionView = z.infer<typeof ExecutionView>;
export const ExecutionList = z.strictObject({ executions: z.array(ExecutionView) });

/** What is published, and when: at each of these steps, once it is in the store (OR-3). */
export const executionEvents = ["agent.running", "agent.completed", "agent.failed", "agent.killed"] as const;
export type ExecutionEventName = (typeof executionEvents)[number];

/**
 * One published change. On the stream of `GET executions/events` the event `snapshot` stands for what a subscriber
 * missed and cannot be told step by step any more: all executions as they are (docs/cases.md, case 70).
 */
export const ExecutionEvent = z.strictObject({ event: z.enum(executionEvents), data: ExecutionView });
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;
