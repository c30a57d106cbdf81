import type { BrokerStore } from "./store.ts";
import { parseStoredRecords } from "./stored-records.ts";

/** Keeps records as long as the object lives: for scenarios and tests that start from nothing. */
export function memoryStore(): BrokerStore {
  const jobs = new Map<string, string>();
  const agents = new Map<string, string>();
  const settings = new Map<string, string>();
  return {
    kind: "memory",
    load: async () => parseStoredRecords({ jobs: jobs.values(), agents: agents.values() }),
    async commit(writes) {
      for (const [jobId, text] of writes.jobs) {
        if (text === null) jobs.delete(jobId);
        else jobs.set(jobId, text);
      }
      for (const [agentId, text] of writes.agents) agents.set(agentId, text);
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
