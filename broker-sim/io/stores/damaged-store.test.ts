import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";

import { temporaryDirectory } from "../../testing/live-broker.ts";
import { redisServer } from "../../testing/redis-broker.ts";
import { obstacleToRedis } from "../../testing/redis-server.ts";
import { run } from "../../testing/served-broker.ts";
import { parseRedisAddress } from "./redis-address.ts";
import { sqliteStore } from "./sqlite-store.ts";

const settings: Readonly<Record<string, string>> = {
  "join-tokens": '[{"tokenId":7}]',
  "clocks-ahead": "soon",
  "federation-key": "no key",
  "join-token": "",
  "operator-token": "two words",
  "broker-id": "",
};

describe("a damaged store ends `serve` with 64, by name, and with what can be done about it:", () => {
  test("on Redis, with another namespace", async (context) => {
    const obstacle = obstacleToRedis();
    if (obstacle !== undefined) context.skip(obstacle);
    const redis = await redisServer();
    const client = new Redis(parseRedisAddress(redis.url).connection);
    onTestFinished(() => client.disconnect());
    const kinds = ["writer", "jobs", "agents", "executions", "federation", "settings"];
    const key = (namespace: string, name: string): string => `{${namespace}}:${name}`;
    for (const kind of kinds) await client.set(key(`type-${kind}`, kind), "not a hash");
    for (const kind of kinds.slice(1, 5)) await client.hset(key(`record-${kind}`, kind), "id", "{}");
    for (const [name, value] of Object.entries(settings)) {
      await client.hset(key(`setting-${name}`, "settings"), name, value);
    }
    const names = await client.keys("*");
    const namespaces = names.map((name) => /^\{(.*)\}/.exec(name)?.[1] ?? "").toSorted();
    expect(namespaces).toHaveLength(16);
    for (const namespace of namespaces) {
      const directory = temporaryDirectory();
      const options = ["--port", "0", "--log-level", "silent", "--data", directory];
      const ended = await run(["serve", "--store", `${redis.url}?namespace=${namespace}`, ...options]);
      expect([namespace, ended.code, ended.stderr.split("\n").length]).toEqual([namespace, 64, 3]);
      expect(ended.stderr).toMatch(/ (damaged|cannot be read)\b.*\n.*another namespace/);
    }
  });

  test("on SQLite, with another directory", async () => {
    for (const [name, value] of Object.entries(settings)) {
      const directory = temporaryDirectory();
      await sqliteStore(directory).close();
      const database = new DatabaseSync(join(directory, "broker.sqlite"));
      database.prepare("INSERT INTO settings (name, value) VALUES (?, ?)").run(name, value);
      database.close();
      const ended = await run(["serve", "--port", "0", "--log-level", "silent", "--data", directory]);
      expect([name, ended.code, ended.stderr.split("\n").length]).toEqual([name, 64, 3]);
      expect(ended.stderr).toMatch(/cannot be read: .*\n.*another --data directory/);
    }
  });
});
