import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

import { systemCode } from "../../foundation/errors.ts";
import type { FaultKind } from "./fault.ts";
import { FaultError } from "./fault-error.ts";

/** In which the room is taken: great ones first, then what is left between. In bytes. */
const blocks = [1_048_576, 4_096, 1];

/**
 * A file takes all room that is left on the agent's own disk. What is open there can be read, and nothing can be written
 * that needs room (ENOSPC); what the agent removes meanwhile is room for it again.
 */
export const fillDisk: FaultKind<"fill-disk"> = {
  kind: "fill-disk",
  does: "leaves no room on the disk of an agent's home",
  proves: "a write beside the home fails with ENOSPC",
  needs: "root, for a small file system in memory; the agent joins with `diskMb`",
  onSim: true,
  holds: () => "the room on the disk",
  async apply({ home, processes, writeAhead }, { agent }) {
    const { disk } = home(agent);
    if (disk === undefined) throw noDisk(agent);
    const ballast = join(disk, "ballast");
    writeAhead({ undo: "remove-file", path: ballast });
    fill(ballast);
    let seen = false;
    return {
      fault: "fill-disk",
      target: processes({ process: agent }).target,
      detail: `${(statSync(ballast).size / 1_048_576).toFixed(1)} MiB of ballast in ${disk}`,
      async proveEffect() {
        if (seen) return undefined;
        const code = tryToWrite(join(disk, "probe"));
        seen = code === "ENOSPC";
        return { seen, lookedFor: "a write that fails with ENOSPC", found: `a write ended with ${code}` };
      },
    };
  },
};

function fill(path: string): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (const size of blocks) {
      const block = Buffer.alloc(size);
      // A write that finds room for a part of it takes that.
      while (writes(file, block) === block.length);
    }
  } finally {
    closeSync(file);
  }
}

function writes(file: number, block: Buffer): number {
  try {
    return writeSync(file, block);
  } catch (error) {
    if (systemCode(error) === "ENOSPC") return 0;
    throw error;
  }
}

/** @returns the system's code, or "success" */
function tryToWrite(path: string): string {
  try {
    const file = openSync(path, "w", 0o600);
    try {
      writeSync(file, Buffer.alloc(4_096));
    } finally {
      closeSync(file);
      rmSync(path);
    }
    return "success";
  } catch (error) {
    return systemCode(error) ?? "another error";
  }
}

function noDisk(agent: string): FaultError {
  return new FaultError(`"${agent}" has no disk of its own that could be filled.`, {
    code: "no-disk",
    next: `Give it one: { step: "join", agent: "${agent}", diskMb: 64, … }.`,
  });
}
