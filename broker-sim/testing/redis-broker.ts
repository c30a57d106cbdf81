import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";

import type { RecordEvent } from "../../protocol/history-recorder.ts";
import { defaultTiming } from "../../protocol/timing.ts";
import { type BrokerOptions, type RunningBroker, startBroker } from "../io/broker-server.ts";
import { parseRedisAddress } from "../io/stores/redis-address.ts";
import { temporaryDirectory } from "./live-broker.ts";
import { SpawnedRedis } from "./redis-server.ts";

const timing = {
  ...defaultTiming,
  heartbeatIntervalMs: 500,
  activityTimeoutMs: 1_500,
  leaseTtlMs: 2_000,
  offerTtlMs: 1_000,
};

/** A server of the test's own, which ends with it. */
export async function redisServer(settings: readonly string[] = []): Promise<SpawnedRedis> {
  const redis = await SpawnedRedis.start(settings);
  onTestFinished(async () => await redis.stop());
  return redis;
}

/** The real broker on that server, with the machine's clock. Ends with the test. */
export async function redisBroker(
  redis: SpawnedRedis,
  options: Partial<Extract<BrokerOptions["store"], { kind: "redis" }>> & {
    record?: RecordEvent;
    agentCommand?: BrokerOptions["agentCommand"];
  } = {},
): Promise<RunningBroker> {
  const { record = () => undefined, agentCommand = ["/bin/true"], ...store } = options;
  const address = parseRedisAddress(redis.url);
  const broker = await startBroker({
    host: "127.0.0.1",
    port: 0,
    timing,
    store: { kind: "redis", address, directory: join(temporaryDirectory(), "data"), ...store },
    log: pino({ level: "silent" }),
    record,
    agentCommand,
  });
  onTestFinished(async () => await broker.close());
  return broker;
}
