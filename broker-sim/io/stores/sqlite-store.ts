import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { assert } from "../../../foundation/assert.ts";
import { UsageError, messageOf, systemCode } from "../../../foundation/errors.ts";
import { makeDirectory } from "../make-directory.ts";
import type { BrokerStore } from "./store.ts";
import { corruptStore, parseStoredRecords } from "./stored-records.ts";

/** Counts the layouts of the tables; a database of a later one is not touched. */
const layoutVersion = 3;

/** What brings a database of the version before up to each, by that version less one; all of it in one transaction. */
const steps: readonly string[] = [
  `
  CREATE TABLE jobs (job_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE agents (agent_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`,
  "CREATE TABLE executions (execution_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;",
  "CREATE TABLE federation (key TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;",
];
assert(steps.length === layoutVersion, "every layout has a step that leads to it");

/**
 * Keeps records in `DIRECTORY/broker.sqlite` (mode 0600: it holds the join token), for one broker at a time.
 *
 * @throws UsageError `store-locked`, `store-corrupt`, `store-too-new` or `store-unwritable`
 */
export function sqliteStore(directory: string): BrokerStore {
  const path = join(directory, "broker.sqlite");
  const database = open(directory, path);
  const putJob = database.prepare("INSERT OR REPLACE INTO jobs (job_id, record) VALUES (?, ?)");
  const removeJob = database.prepare("DELETE FROM jobs WHERE job_id = ?");
  const putAgent = database.prepare("INSERT OR REPLACE INTO agents (agent_id, record) VALUES (?, ?)");
  const putExecution = database.prepare("INSERT OR REPLACE INTO executions (execution_id, record) VALUES (?, ?)");
  const removeExecution = database.prepare("DELETE FROM executions WHERE execution_id = ?");
  const putFederation = database.prepare("INSERT OR REPLACE INTO federation (key, record) VALUES (?, ?)");
  const removeFederation = database.prepare("DELETE FROM federation WHERE key = ?");
  const putSetting = database.prepare("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)");
  const getSetting = database.prepare("SELECT value FROM settings WHERE name = ?");
  return {
    kind: "sqlite",
    async load() {
      const records = (table: string) =>
        database
          .prepare(`SELECT record FROM ${table} ORDER BY 1`)
          .all()
          .map((row) => String(row["record"]));
      return parseStoredRecords("sqlite", {
        jobs: records("jobs"),
        agents: records("agents"),
        executions: records("executions"),
        federation: records("federation"),
      });
    },
    async commit(writes) {
      database.exec("BEGIN IMMEDIATE");
      try {
        for (const [jobId, text] of writes.jobs) {
          if (text === null) removeJob.run(jobId);
          else putJob.run(jobId, text);
        }
        for (const [agentId, text] of writes.agents) putAgent.run(agentId, text);
        for (const [executionId, text] of writes.executions ?? []) {
          if (text === null) removeExecution.run(executionId);
          else putExecution.run(executionId, text);
        }
        for (const [key, text] of writes.federation ?? []) {
          if (text === null) removeFederation.run(key);
          else putFederation.run(key, text);
        }
        database.exec("COMMIT");
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    async readSetting(name) {
      const value = getSetting.get(name)?.["value"];
      return typeof value === "string" ? value : null;
    },
    async writeSetting(name, value) {
      putSetting.run(name, value);
    },
    // One that fails fails its commits.
    outage: () => null,
    onLost: () => undefined,
    async close() {
      if (database.isOpen) database.close();
    },
  };
}

function open(directory: string, path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(directory);
    database = new DatabaseSync(path);
    chmodSync(path, 0o600);
    // One writer for as long as it lives: a second broker on the same records would grant the same epochs again.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    // The epoch must be on the disk before the grant leaves (I1), whatever happens to the machine.
    database.exec("PRAGMA synchronous = FULL");
    database.exec("BEGIN IMMEDIATE");
    const check = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
    if (check !== "ok") throw corrupt(path, String(check));
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > layoutVersion) throw tooNew(path, version);
    for (const step of steps.slice(version)) database.exec(step);
    if (version < layoutVersion) database.exec(`PRAGMA user_version = ${layoutVersion}`);
    database.exec("COMMIT");
    return database;
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw explain(error, { directory, path });
  }
}

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const sqliteCodes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
};

function explain(error: unknown, { directory, path }: { directory: string; path: string }): unknown {
  if (error instanceof UsageError) return error;
  const code = sqliteCode(error);
  if (code === sqliteCodes.busy || code === sqliteCodes.locked) {
    return new UsageError(`The broker's store ${path} is in use by another process.`, {
      code: "store-locked",
      next: "Stop the other broker, or start this one with another --data directory.",
      retriable: true,
      cause: error,
    });
  }
  if (code === sqliteCodes.corrupt || code === sqliteCodes.notADatabase) return corrupt(path, messageOf(error));
  const cannot: readonly (number | undefined)[] = [
    sqliteCodes.readOnly,
    sqliteCodes.ioError,
    sqliteCodes.full,
    sqliteCodes.cannotOpen,
  ];
  if (!cannot.includes(code) && systemCode(error) === undefined) return error;
  return new UsageError(`The broker's store cannot be kept in ${directory}: ${messageOf(error)}`, {
    code: "store-unwritable",
    next: "Name a directory that you may write to with --data, or use --store memory.",
    cause: error,
  });
}

function sqliteCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  // The low byte is the primary code.
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

function corrupt(path: string, detail: string): UsageError {
  return corruptStore("sqlite", `The broker's store ${path} is damaged or is no database of a broker: ${detail}`);
}

function tooNew(path: string, version: number): UsageError {
  return new UsageError(`The broker's store ${path} was written by a later version (layout ${version}).`, {
    code: "store-too-new",
    next: "Start that version, or start this one with another --data directory.",
  });
}
