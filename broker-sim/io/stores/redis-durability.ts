import type { Logger } from "pino";

import { UsageError, messageOf } from "../../../foundation/errors.ts";
import type { RedisAddress } from "./redis-address.ts";
import type { RedisConnection } from "./redis-connection.ts";

/**
 * A server must keep on its disk what it said it has, and throw nothing away, or a crash of it and the broker together
 * loses accepted jobs (I3).
 *
 * @throws UsageError `store-volatile`, unless that is allowed
 */
export async function requireDurable(
  connection: RedisConnection,
  { address, allowVolatile = false, log }: { address: RedisAddress; allowVolatile?: boolean; log: Logger },
): Promise<void> {
  const settings = new Map<string, string>();
  try {
    for (const name of ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"]) {
      const [, value] = (await connection.command("CONFIG", ["GET", name])) as string[];
      settings.set(name, value ?? "");
    }
  } catch (error) {
    log.warn(
      { store: address.shown, why: messageOf(error) },
      "whether this server keeps what it has cannot be checked",
    );
    return;
  }
  const flaw = flawOf(settings);
  if (flaw !== null && !allowVolatile) {
    throw new UsageError(`The Redis store ${address.shown} may lose accepted jobs: ${flaw.says}.`, {
      code: "store-volatile",
      next: `Set ${flaw.mend} on the server, or accept the loss with --allow-volatile.`,
    });
  }
  if (flaw !== null) log.warn({ store: address.shown }, `this server may lose accepted jobs: ${flaw.says}`);
  else if (settings.get("appendfsync") !== "always") {
    log.warn(
      { store: address.shown },
      "a power failure may take this server's last second; appendfsync always would not",
    );
  }
}

function flawOf(settings: ReadonlyMap<string, string>): { says: string; mend: string } | null {
  if (settings.get("appendonly") !== "yes") {
    return { says: "it does not append what it takes to a file", mend: "appendonly yes" };
  }
  const policy = settings.get("maxmemory-policy") ?? "";
  // Our keys never expire, so that the policies for those that do never touch them.
  if (settings.get("maxmemory") === "0" || !policy.startsWith("allkeys-")) return null;
  return { says: `it throws away keys when its memory is full (${policy})`, mend: "maxmemory-policy noeviction" };
}
