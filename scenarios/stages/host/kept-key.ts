import { createPrivateKey, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { HostAgent, HostStage } from "./host-stage.ts";

/**
 * Copies an agent's private key into the harness's memory before the agent withdraws: a thief's copy, with which the
 * broker is tried afterwards. Where the agent under test keeps none in its home, there is nothing to try.
 */
export function keepKey(stage: HostStage, agent: HostAgent): void {
  for (const path of keyFiles(agent.home)) {
    const key = readKey(path);
    if (key !== undefined) stage.keptKeys.set(agent.name, key);
  }
}

/** The files of a home that hold a private key. */
export function keyFiles(home: string): string[] {
  const paths = readdirSync(home).sort();
  return paths.map((name) => join(home, name)).filter((path) => readKey(path) !== undefined);
}

function readKey(path: string): KeyObject | undefined {
  try {
    return createPrivateKey(readFileSync(path));
  } catch {
    // Not a key: a directory, a socket, the ledger.
    return undefined;
  }
}
