import * as z from "zod";

import { executionStates } from "../../../protocol/execution-states.ts";
import { SpawnSpec } from "../../../protocol/executions.ts";
import { ConnectionId } from "../../../protocol/federation.ts";
import { ExecutionId, WallMs } from "../../../protocol/identifiers.ts";

/** Names one process for good: pids are reused, and after a reboot start times are too. */
export const ProcessMark = z.strictObject({
  pid: z.int().min(1),
  /** As the host tells it; differs for whatever other process gets that pid. */
  startedAs: z.string().min(1).max(200),
});
export type ProcessMark = z.infer<typeof ProcessMark>;

/** Everything that the broker knows of an agent that it starts, as the stores keep it. */
export const ExecutionRecord = z.strictObject({
  executionId: ExecutionId,
  spec: SpawnSpec,
  state: z.enum(executionStates),
  process: ProcessMark.nullable(),
  spawnedAt: WallMs,
  startedAt: WallMs.nullable(),
  completedAt: WallMs.nullable(),
  exitCode: z.int().nullable(),
  error: z.string().nullable(),
  /** Which command of which hub asked for it; null for the operator. */
  origin: z.strictObject({ connectionId: ConnectionId, commandId: z.uuid() }).nullable().default(null),
  /** Why it is being ended, once somebody asked for that. */
  killReason: z.string().nullable(),
});
export type ExecutionRecord = z.infer<typeof ExecutionRecord>;

/** How the process of an execution ended, as far as anybody saw it. */
export interface ProcessEnd {
  /** Null when a signal ended it, or nobody saw how it ended. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What it said last, or what could not be cleaned up after it. */
  readonly detail: string | null;
}
