import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";

import type { StoreRecords } from "./broker-store.ts";
import { comesTrueWithin } from "./process-ends.ts";

/** The hashes whose records the history tells of (docs/stores.md), in the broker's own namespace. */
const hashes = ["{houseguest}:jobs", "{houseguest}:executions"] as const;
/** Who writes there, with the number of the last commit. */
const writer = "{houseguest}:writer";

/** The broker looks every second whether its server still has everything (docs/stores.md); so long it may take. */
const broughtBackWithinMs = 20_000;

/** How much a server forgot. */
export interface Flushed {
  readonly keysBefore: number;
  readonly keysAfter: number;
}

/**
 * What a server has of jobs and executions, as text by id.
 *
 * @param socket on which it listens
 */
export async function recordsOnServer(socket: string): Promise<StoreRecords> {
  return await asked(socket, async (client) => {
    const all = await Promise.all(hashes.map(async (hash) => Object.entries(await client.hgetall(hash))));
    return new Map(all.flat());
  });
}

/** Lets a server forget everything (FLUSHALL). Counted in the same transaction, or its broker might have written again. */
export async function flushServer(socket: string): Promise<Flushed> {
  return await asked(socket, async (client) => {
    const [before, , after] = (await client.multi().dbsize().flushall("SYNC").dbsize().exec()) ?? [];
    return { keysBefore: Number(before?.[1]), keysAfter: Number(after?.[1]) };
  });
}

/** The server's own name for its snapshot. */
export const snapshotFile = "dump.rdb";
const recordsFile = "records.json";

/**
 * Keeps what a server holds at this moment (SAVE). Nobody may write to it meanwhile.
 *
 * @param place the server's directory
 * @param kept the directory to be made, with the snapshot and the records that are in it
 */
export async function keepSnapshot({ socket, place }: { socket: string; place: string }, kept: string): Promise<void> {
  await asked(socket, async (client) => await client.save());
  mkdirSync(kept, { recursive: true });
  copyFileSync(join(place, snapshotFile), join(kept, snapshotFile));
  writeFileSync(join(kept, recordsFile), JSON.stringify([...(await recordsOnServer(socket))]));
}

/** What was on the server when `keepSnapshot` kept it. */
export function recordsInSnapshot(kept: string): StoreRecords {
  return new Map(JSON.parse(readFileSync(join(kept, recordsFile), "utf8")) as [string, string][]);
}

/** How many commits a server has. */
export async function commitsOnServer(socket: string): Promise<number> {
  return await asked(socket, async (client) => Number((await client.hget(writer, "commit")) ?? 0));
}

/** Waits until the broker has written anew what its server lost, all of which it does in one step; says so in words. */
export async function broughtBack(socket: string, { commits }: { readonly commits: number }): Promise<string> {
  let found = 0;
  const isWhole = await comesTrueWithin(broughtBackWithinMs, async () => {
    found = await commitsOnServer(socket);
    return found >= commits;
  });
  if (isWhole) return "the broker has written everything anew";
  return `the store is at commit ${found}, and not at ${commits} again as before`;
}

/** From now on a server that read a snapshot appends what it takes to a file, as it does when it starts with one. */
export async function appendFromNowOn(socket: string): Promise<void> {
  await asked(socket, async (client) => {
    await client.config("SET", "appendonly", "yes");
    // The file is there when the first rewrite has ended; before, a kill would lose what was read.
    while (!isAppending(await client.info("persistence"))) await new Promise((resolve) => setImmediate(resolve));
  });
}

const isAppending = (info: string): boolean =>
  ["aof_enabled:1", "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"].every((line) => info.includes(line));

async function asked<T>(socket: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ path: socket, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  // A failed attempt is told by the command that waits for it.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await ask(client);
  } finally {
    client.disconnect();
  }
}
