import { flushCompileCache } from "node:module";
import { createInterface } from "node:readline";
import { pino } from "pino";

import { systemClock } from "../../foundation/clock.ts";
import { defaultTiming } from "../../protocol/timing.ts";
import { parseRedisAddress } from "../io/stores/redis-address.ts";
import { startBroker } from "../io/broker-server.ts";
import { openHistoryFile } from "../io/history-file.ts";

/**
 * A broker in a process of its own, for tests that kill it. It waits for one line on its standard input, so that the
 * next one can stand by with everything loaded: `{"port", "directory", "redis"?, "history"}`. Then it serves, says
 * where, and ends with its parent.
 */
const log = pino({ level: "error" }, pino.destination({ fd: 2, sync: true }));
const lines = createInterface({ input: process.stdin });
// Whoever is killed does not come to leave what it compiled to the others.
flushCompileCache();
process.stdout.write("loaded\n");
lines.on("close", () => process.exit(0));
lines.once("line", (line) => void serve(line));

async function serve(line: string): Promise<void> {
  const { port, directory, redis, history } = JSON.parse(line) as Record<string, string>;
  const { record } = openHistoryFile({ path: history, source: `broker-${process.pid}`, clock: systemClock, log });
  const store =
    redis === undefined
      ? ({ kind: "sqlite", directory: directory ?? "" } as const)
      : ({ kind: "redis", directory: directory ?? "", address: parseRedisAddress(redis) } as const);
  const timing = {
    ...defaultTiming,
    heartbeatIntervalMs: 500,
    activityTimeoutMs: 1_500,
    leaseTtlMs: 2_000,
    offerTtlMs: 1_000,
  };
  const { url, joinToken, operatorToken } = await startBroker({
    host: "127.0.0.1",
    port: Number(port),
    timing,
    store,
    log,
    record,
  });
  process.stdout.write(`${JSON.stringify({ url, joinToken, operatorToken })}\n`);
}
