import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The tables whose records the history tells of, by the column that names them. */
const tables = { jobs: "job_id", executions: "execution_id" } as const;

/** Jobs and executions as text, by id. */
export type StoreRecords = ReadonlyMap<string, string>;

/**
 * What a broker's store on the disk has of jobs and executions, as text by id. The files are read from a copy: opening
 * them would change them, because SQLite brings in what a killed process left.
 */
export function keptRecords(directory: string): StoreRecords {
  const records = new Map<string, string>();
  if (!existsSync(join(directory, "broker.sqlite"))) return records;
  const copy = mkdtempSync(join(tmpdir(), "houseguest-store-"));
  try {
    cpSync(directory, copy, { recursive: true, filter: (path) => !path.endsWith("blobs") });
    const database = new DatabaseSync(join(copy, "broker.sqlite"));
    try {
      for (const [table, id] of Object.entries(tables)) {
        for (const row of database.prepare(`SELECT ${id} AS id, record FROM ${table}`).all()) {
          records.set(String(row["id"]), String(row["record"]));
        }
      }
    } finally {
      database.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  return records;
}

/** The ids of what is not in the second as it was in the first. */
export function changedRecords(before: StoreRecords, after: StoreRecords): string[] {
  const changed = [...before].filter(([id, record]) => after.get(id) !== record).map(([id]) => id);
  return [...changed, ...[...after.keys()].filter((id) => !before.has(id))].sort();
}
