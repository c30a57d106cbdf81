import { createHash } from "node:crypto";
import { join } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import type { BrokerOptions } from "../io/broker-server.ts";
import { parseRedisAddress } from "../io/stores/redis-address.ts";
import { dataDirectory } from "./data-directory.ts";

export interface StoreChoice {
  readonly store?: string;
  readonly data?: string;
  readonly takeOver?: boolean;
  readonly allowVolatile?: boolean;
}

/** Names the environment variable that holds the address for `--store redis`. */
const urlVariable = "REDIS_URL";

/**
 * Which store the command line of `broker-sim serve` names.
 *
 * @throws UsageError `usage`
 */
export function chooseStore({ store = "sqlite", data, takeOver, allowVolatile }: StoreChoice): BrokerOptions["store"] {
  const isRedis = store === "redis" || /^redis[a-z+]*:/.test(store);
  if (!isRedis && (takeOver === true || allowVolatile === true)) {
    throw meaningless("--take-over and --allow-volatile have no meaning without a Redis store.");
  }
  if (store === "memory") {
    if (data !== undefined) throw meaningless("--data has no meaning with --store memory.");
    return { kind: "memory" };
  }
  if (store === "sqlite") return { kind: "sqlite", directory: data ?? dataDirectory() };
  if (!isRedis) {
    throw new UsageError("There is no such store.", {
      code: "usage",
      next: "Use --store memory, --store sqlite, --store redis://HOST:PORT/DATABASE, or --store redis with REDIS_URL set.",
    });
  }
  const given = process.env[urlVariable] ?? "";
  if (store === "redis" && given === "") {
    throw new UsageError(`--store redis needs an address in ${urlVariable}.`, {
      code: "usage",
      next: `Set ${urlVariable} to redis://HOST:PORT/DATABASE.`,
    });
  }
  const address = parseRedisAddress(store === "redis" ? given : store);
  // Brokers with different stores must not clear away each other's checkpoints.
  const own = createHash("sha256").update(address.shown).digest("hex").slice(0, 12);
  const directory = data ?? join(dataDirectory(), `redis-${own}`);
  return { kind: "redis", address, directory, takeOver: takeOver === true, allowVolatile: allowVolatile === true };
}

function meaningless(message: string): UsageError {
  return new UsageError(message, { code: "usage", next: "Leave out one of the two." });
}
