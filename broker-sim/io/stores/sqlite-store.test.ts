import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker } from "../../testing/core-broker.ts";
import { sqliteStore } from "./sqlite-store.ts";
import { storeContract } from "./store.contract.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "broker-store-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

storeContract("SQLite", { open: () => sqliteStore(directory), cleanUp: () => undefined, keeps: true });

describe("the SQLite store", () => {
  test("loses no acknowledged write to kill -9, and no epoch goes back", async () => {
    const path = join(import.meta.dirname, "..", "..", "testing", "sqlite-writer.ts");
    for (let round = 0; round < 3; round += 1) {
      const writer = spawn(process.execPath, [path, directory], { stdio: ["ignore", "pipe", "inherit"] });
      let acknowledged = 0;
      for await (const line of createInterface({ input: writer.stdout })) {
        acknowledged = Number(line);
        // In the middle of its work, not at a quiet moment.
        if (acknowledged % 50 === 20 + round) writer.kill("SIGKILL");
      }
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
      expect(writer.signalCode).toBe("SIGKILL");
      const store = sqliteStore(directory);
      const [job] = (await store.load()).jobs;
      await store.close();
      expect(acknowledged).toBeGreaterThan(round);
      expect(job?.epoch).toBeGreaterThanOrEqual(acknowledged);
    }
  });

  test("is for its owner only: the join token is in it", async () => {
    const store = sqliteStore(join(directory, "data"));
    expect(statSync(join(directory, "data")).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "data", "broker.sqlite")).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test("serves one broker at a time (case 65)", async () => {
    const store = sqliteStore(directory);
    expect(() => sqliteStore(directory)).toThrowError(
      expect.objectContaining({ code: "store-locked", retriable: true }),
    );
    await store.close();
    await sqliteStore(directory).close();
  });

  test("that is no database is left as it is, with a sentence that says what to do", () => {
    writeFileSync(join(directory, "broker.sqlite"), "not a database ".repeat(100));
    expect(() => sqliteStore(directory)).toThrowError(expect.objectContaining({ code: "store-corrupt" }));
  });

  test("with damaged pages is refused", async () => {
    const store = sqliteStore(directory);
    const broker = new CoreBroker();
    broker.submit(500);
    new CoreAgent(broker).enrol();
    const jobs = new Map(Array.from(broker.storedJobs, ([jobId, job]) => [jobId, JSON.stringify(job)]));
    await store.commit({ jobs, agents: new Map() });
    await store.close();
    const path = join(directory, "broker.sqlite");
    const bytes = Buffer.alloc(8_192, 0xff);
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = DELETE");
    database.close();
    const file = openSync(path, "r+");
    writeSync(file, bytes, 0, bytes.length, 3 * 4_096);
    closeSync(file);
    expect(() => sqliteStore(directory)).toThrowError(expect.objectContaining({ code: "store-corrupt" }));
  });

  test("of the version before is brought up to this one, with all that it held", async () => {
    const broker = new CoreBroker();
    broker.submit(1);
    const first = sqliteStore(directory);
    const jobs = new Map(Array.from(broker.storedJobs, ([jobId, job]) => [jobId, JSON.stringify(job)]));
    await first.commit({ jobs, agents: new Map() });
    await first.close();
    const database = new DatabaseSync(join(directory, "broker.sqlite"));
    // As layout 1 was.
    database.exec("DROP TABLE executions; DROP TABLE federation; PRAGMA user_version = 1");
    database.close();
    const store = sqliteStore(directory);
    expect(await store.load()).toEqual({
      jobs: [...broker.storedJobs.values()],
      agents: [],
      executions: [],
      federation: [],
    });
    await store.close();
  });

  test("of a later version is not touched", async () => {
    await sqliteStore(directory).close();
    const database = new DatabaseSync(join(directory, "broker.sqlite"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => sqliteStore(directory)).toThrowError(expect.objectContaining({ code: "store-too-new" }));
  });

  test("where nothing can be written is refused", () => {
    writeFileSync(join(directory, "file"), "");
    const below = join(directory, "file", "data");
    expect(() => sqliteStore(below)).toThrowError(expect.objectContaining({ code: "store-unwritable" }));
  });
});
