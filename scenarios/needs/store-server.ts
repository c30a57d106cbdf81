import type { Skipped } from "../../protocol/suite.ts";
import { onPath } from "../faults/on-path.ts";

const servers = ["redis-server", "valkey-server"] as const;

/** The server of this machine that speaks Redis's protocol. */
export function storeServer(): string | undefined {
  return servers.find((name) => onPath(name, name) === null);
}

/** Why there can be no store on Redis here; null where there can. */
export function storeServerMissing(): Skipped | null {
  return storeServer() === undefined ? onPath("redis-server", "redis-server") : null;
}
