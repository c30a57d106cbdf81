import * as z from "zod";

import { UsageError, messageOf } from "../../foundation/errors.ts";
import { ExecutionRecord } from "../core/executions/execution-record.ts";
import { FederationRecord } from "../core/federation/federation-records.ts";
import { AgentRecord, JobRecord } from "../core/records.ts";
import type { StoredBroker } from "./store.ts";

/** Reads records back as they were written; what cannot be read is an error, never skipped. */
export function parseStoredRecords(source: Record<keyof StoredBroker, Iterable<string>>): StoredBroker {
  return {
    jobs: Array.from(source.jobs, (text) => parse(JobRecord, text)),
    agents: Array.from(source.agents, (text) => parse(AgentRecord, text)),
    federation: Array.from(source.federation, (text) => parse(FederationRecord, text)),
    executions: Array.from(source.executions, (text) => parse(ExecutionRecord, text)),
  };
}

function parse<S extends z.ZodType>(schema: S, text: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsageError(`A record in the broker's store cannot be read: ${detail}`, {
      code: "store-corrupt",
      next: "Restore the data directory from a backup, or start with another --data directory.",
      cause: error,
    });
  }
}
