import * as z from "zod";

import { UsageError, messageOf } from "../../../foundation/errors.ts";
import { ExecutionRecord } from "../../core/executions/execution-record.ts";
import { FederationRecord } from "../../core/federation/federation-records.ts";
import { AgentRecord, JobRecord } from "../../core/records.ts";
import type { BrokerStore, StoredBroker } from "./store.ts";

type Kind = BrokerStore["kind"];

/** Reads records back as they were written; what cannot be read is an error, never skipped. */
export function parseStoredRecords(kind: Kind, source: Record<keyof StoredBroker, Iterable<string>>): StoredBroker {
  const read = <S extends z.ZodType>(schema: S, texts: Iterable<string>): z.infer<S>[] =>
    Array.from(texts, (text) => readStored(kind, "A record", () => schema.parse(JSON.parse(text))));
  return {
    jobs: read(JobRecord, source.jobs),
    agents: read(AgentRecord, source.agents),
    federation: read(FederationRecord, source.federation),
    executions: read(ExecutionRecord, source.executions),
  };
}

/**
 * A setting as it was written; null when it never was.
 *
 * @param parse throws when it cannot be what was written
 * @throws UsageError `store-corrupt`
 */
export async function readStoredSetting<T>(
  store: BrokerStore,
  name: string,
  parse: (text: string) => T,
): Promise<T | null> {
  const text = await store.readSetting(name);
  return text === null ? null : readStored(store.kind, `The setting ${name}`, () => parse(text));
}

/** A store that holds what no broker can have written. */
export function corruptStore(kind: Kind, what: string, cause?: unknown): UsageError {
  return new UsageError(what, { code: "store-corrupt", next: advice[kind], cause });
}

/** What can be done about it. */
const advice: Record<Kind, string> = {
  memory: "Start the broker again.",
  sqlite: "Restore the data directory from a backup, or start with another --data directory.",
  redis: "Restore the server's data from a backup, or start with another namespace: redis://HOST:PORT?namespace=NAME.",
};

function readStored<T>(kind: Kind, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw corruptStore(kind, `${what} in the broker's store cannot be read: ${flawOf(error)}`, error);
  }
}

/** In one line. */
function flawOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error).replaceAll(/\s+/g, " ");
  const [first, ...more] = error.issues;
  const where = first === undefined || first.path.length === 0 ? "" : `${first.path.map(String).join(".")}: `;
  return `${where}${first?.message ?? "it is not as it was written"}${more.length === 0 ? "" : ` (and ${more.length} more)`}`;
}
