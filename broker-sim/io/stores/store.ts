import type { ExecutionRecord } from "../../core/executions/execution-record.ts";
import type { FederationRecord } from "../../core/federation/federation-records.ts";
import type { AgentRecord, JobRecord } from "../../core/records.ts";

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
  /** What a store that can tell others tells them, in order, if and only if the records are written. */
  readonly changes?: readonly StoreChange[];
}

/** A step of a job or an agent: `job.leased`, `agent.lost`; `agent.running` is of one that the broker started itself. */
export interface StoreChange {
  readonly topic: string;
  /** Flat, and can be put into JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where the broker's records live. `store.contract.ts` holds what each must do. */
export interface BrokerStore {
  readonly kind: "memory" | "sqlite" | "redis";
  load(): Promise<StoredBroker>;
  /**
   * All or nothing; when it resolves, a killed process has lost none of it. Waits for a store that is away, for as long
   * as it takes.
   */
  commit(writes: StoreWrites): Promise<void>;
  /** A word that outlives the process (the join token); null when it was never kept. */
  readSetting(name: string): Promise<string | null>;
  writeSetting(name: string, value: string): Promise<void>;
  /** Why nothing can be written at this moment, in a sentence; null while it can. */
  outage(): string | null;
  /** Called when the store finds by itself that it cannot be written to any more, by this broker. */
  onLost(listener: (error: unknown) => void): void;
  /** A commit that waits is given up. */
  close(): Promise<void>;
}

/** A store that commits, and perhaps closes, in its own way, and is the given one in everything else. */
export function storeAround(
  store: BrokerStore,
  own: Pick<BrokerStore, "commit"> & Partial<Pick<BrokerStore, "close">>,
): BrokerStore {
  return {
    kind: store.kind,
    load: async () => await store.load(),
    readSetting: async (name) => await store.readSetting(name),
    writeSetting: async (name, value) => await store.writeSetting(name, value),
    outage: () => store.outage(),
    onLost: (listener) => store.onLost(listener),
    close: async () => await store.close(),
    ...own,
  };
}
