import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RedisContainer } from "@testcontainers/redis";
import { Redis } from "ioredis";
import { getContainerRuntimeClient } from "testcontainers";

import { messageOf } from "../../foundation/errors.ts";
import { parseRedisAddress } from "../io/stores/redis-address.ts";
import { SpawnedRedis, obstacleToRedis } from "./redis-server.ts";

/** A real server for a test, from wherever there is one. */
export interface RedisForTests {
  /** `REDIS_URL`, `container` or `spawned`. */
  readonly from: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Which way has to be taken, for whoever wants to see one in particular work: `container` or `spawned`. */
export const redisVariable = "HOUSEGUEST_TEST_REDIS";
/** The image that a container is made of. */
export const redisImage = "redis:7.2";

/**
 * Takes, in this order: the server that `REDIS_URL` names; a container, where a container engine answers; a local
 * valkey-server or redis-server.
 *
 * @param settings are given to a server that is spawned
 * @returns a server, or why there is none
 */
export async function findRedis(settings: readonly string[] = []): Promise<RedisForTests | string> {
  const wanted = process.env[redisVariable] ?? "";
  const given = process.env["REDIS_URL"] ?? "";
  if (wanted === "" && given !== "") return { from: "REDIS_URL", url: given, stop: async () => undefined };
  if (wanted !== "spawned") {
    try {
      return await startContainer();
    } catch (error) {
      if (wanted === "container") throw error;
      // There is no engine, or none that has the image: the next way is as real.
    }
  }
  const obstacle = obstacleToRedis();
  if (obstacle !== undefined) return obstacle;
  const server = await SpawnedRedis.start(settings);
  return { from: "spawned", url: server.url, stop: async () => await server.stop() };
}

/** An address on that server that nobody else uses. */
export function ownNamespace(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}namespace=test-${randomBytes(6).toString("hex")}`;
}

/** Takes away what a test kept under its address. */
export async function forgetNamespace(url: string): Promise<void> {
  const { connection, namespace } = parseRedisAddress(url);
  const client = new Redis(connection);
  const keys = await client.keys(`{${namespace}}:*`);
  if (keys.length > 0) await client.del(...keys);
  client.disconnect();
}

async function startContainer(): Promise<RedisForTests> {
  try {
    await getContainerRuntimeClient();
  } catch (error) {
    throw new Error(`no container engine answers: ${messageOf(error)}`, { cause: error });
  }
  // A container's clients come from outside of it, as those of the official image do.
  const command = ["redis-server", "--protected-mode", "no", "--appendonly", "yes", "--appendfsync", "always"];
  // testcontainers leaves a lock in the temporary directory.
  const before = process.env["TMPDIR"];
  const place = mkdtempSync(join(tmpdir(), "containers-"));
  const container = await (async () => {
    try {
      process.env["TMPDIR"] = place;
      return await new RedisContainer(redisImage).withCommand(command).start();
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(place, { recursive: true, force: true });
    }
  })();
  return { from: "container", url: container.getConnectionUrl(), stop: async () => void (await container.stop()) };
}
