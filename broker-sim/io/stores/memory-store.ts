import type { BrokerStore } from "./store.ts";
import { parseStoredRecords } from "./stored-records.ts";

/** Keeps records as long as the object lives: for scenarios and tests that start from nothing. */
export function memoryStore(): BrokerStore {
  const jobs = new Map<string, string>();
  const agents = new Map<string, string>();
  const executions = new Map<string, string>();
  const federation = new Map<string, string>();
  const settings = new Map<string, string>();
  return {
    kind: "memory",
    load: async () =>
      parseStoredRecords("memory", {
        jobs: jobs.values(),
        agents: agents.values(),
        executions: executions.values(),
        federation: federation.values(),
      }),
    async commit(writes) {
      write(jobs, writes.jobs);
      write(agents, writes.agents);
      write(executions, writes.executions ?? new Map());
      write(federation, writes.federation ?? new Map());
    },
    readSetting: async (name) => settings.get(name) ?? null,
    async writeSetting(name, value) {
      settings.set(name, value);
    },
    outage: () => null,
    onLost: () => undefined,
    // Nothing is held open.
    close: async () => undefined,
  };
}

function write(records: Map<string, string>, writes: ReadonlyMap<string, string | null>): void {
  for (const [id, text] of writes) {
    if (text === null) records.delete(id);
    else records.set(id, text);
  }
}
