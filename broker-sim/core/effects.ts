import type { HistoryData, HistoryType } from "../../protocol/history.ts";
import type { BrokerEvent } from "../../protocol/messages.ts";
import type { ExecutionEventName, ExecutionView, SpawnSpec } from "../../protocol/executions.ts";
import type { ExecutionRecord } from "./executions/execution-record.ts";
import type { FederationRecord } from "./federation/federation-records.ts";
import type { AgentRecord, JobRecord, UploadKey } from "./records.ts";

/** What has to be in the store before the answer leaves. */
export interface StoreBatch {
  readonly jobs: readonly JobRecord[];
  readonly jobsRemoved: readonly string[];
  readonly agents: readonly AgentRecord[];
  /** Left out where none was changed. */
  readonly executions?: readonly ExecutionRecord[];
  readonly executionsRemoved?: readonly string[];
  /** By their keys; null for one that is forgotten. */
  readonly federation?: ReadonlyMap<string, FederationRecord | null>;
}

export type HistoryEntry = {
  [T in HistoryType]: { readonly type: T; readonly data: HistoryData<T> };
}[HistoryType];

/** What the world has to do after a decision; plain data, in the order in which it was decided. */
export type Effect =
  /** Write before anything else happens; the records are read at once, they change with the next input. */
  | { readonly kind: "persist"; readonly batch: StoreBatch }
  | { readonly kind: "history"; readonly entry: HistoryEntry }
  /** Send to the agent's event stream. `work_available` is a hint and is never replayed. */
  | { readonly kind: "push"; readonly agentId: string; readonly event: BrokerEvent }
  /** Forget the events kept for earlier instances, but for a pause or resume that nobody has seen. */
  | { readonly kind: "new-instance"; readonly agentId: string; readonly instanceId: string }
  /** Close the agent's event stream and forget its events. */
  | { readonly kind: "disconnect"; readonly agentId: string }
  | { readonly kind: "remove-blob"; readonly digest: string }
  /** Throw away what there is of an upload. */
  | { readonly kind: "remove-upload"; readonly key: UploadKey }
  /** Start an agent on this host; `spawned` or `spawn-failed` says what came of it, and `exited` how it ended. */
  | { readonly kind: "spawn-process"; readonly executionId: string; readonly spec: SpawnSpec }
  /**
   * End it with all that it started: asked first, and by force after so many milliseconds, or at once if it was asked
   * before and this says so. What is not there needs no end.
   */
  | { readonly kind: "kill-process"; readonly executionId: string; readonly graceMs: number }
  /** Tell whoever has subscribed. */
  | { readonly kind: "publish"; readonly event: ExecutionEventName; readonly execution: ExecutionView }
  /** Feed a `tick` back at this time, instead of any that was asked for before; null: none is needed. */
  | { readonly kind: "alarm"; readonly atMs: number | null };

/** What is done only after the store has what was decided, and before the answer leaves. */
export type LaterEffect = Exclude<Effect, { kind: "persist" } | { kind: "alarm" }>;
