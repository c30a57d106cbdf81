import { createPrivateKey, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { HostAgent, HostStage } from "./host-stage.ts";

/**
 * Copies an agent's private key into the harness's memory before the agent withdraws: a thief's copy, with which the
 * broker is tried afterwards. Where the agent under test keeps none in its home, there is nothing to try.
 */
export function keepKey(stage: HostStage, agent: HostAgent): void {
  for (const name of readdirSync(agent.home).sort()) {
    const key = readKey(join(agent.home, name));
    if (key !== undefined) stage.keptKeys.set(agent.name, key);
  }
}

function readKey(path: string): KeyObject | undefined {
  try {
    return createPrivateKey(readFileSync(path));
  } catch {
    // Not a key: a directory, a socket, the ledger.
    return undefined;
  }
}
