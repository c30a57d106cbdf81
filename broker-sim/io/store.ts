import type { ExecutionRecord } from "../core/executions/execution-record.ts";
import type { FederationRecord } from "../core/federation/federation-records.ts";
import type { AgentRecord, JobRecord } from "../core/records.ts";

/** What a store kept from an earlier start. */
export interface StoredBroker {
  readonly jobs: readonly JobRecord[];
  readonly agents: readonly AgentRecord[];
  readonly executions: readonly ExecutionRecord[];
  readonly federation: readonly FederationRecord[];
}

/** Records as JSON text by id; null removes one. */
export interface StoreWrites {
  readonly jobs: ReadonlyMap<string, string | null>;
  readonly agents: ReadonlyMap<string, string>;
  /** Left out where none was changed. */
  readonly executions?: ReadonlyMap<string, string | null>;
  readonly federation?: ReadonlyMap<string, string | null>;
}

/** Where the broker's records live. `store.contract.ts` holds what each must do. */
export interface BrokerStore {
  readonly kind: "memory" | "sqlite";
  load(): Promise<StoredBroker>;
  /** All or nothing; when it resolves, a killed process has lost none of it. */
  commit(writes: StoreWrites): Promise<void>;
  /** A word that outlives the process (the join token); null when it was never kept. */
  readSetting(name: string): Promise<string | null>;
  writeSetting(name: string, value: string): Promise<void>;
  close(): Promise<void>;
}
