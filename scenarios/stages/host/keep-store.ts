import { cpSync } from "node:fs";
import { join } from "node:path";

import { type StoreRecords, keptRecords } from "../../faults/broker-store.ts";
import { comesTrue } from "../../faults/process-ends.ts";
import { keepSnapshot, recordsInSnapshot } from "../../faults/store-server.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import { type HostStage, storePlace } from "./host-stage.ts";
import { isStopped } from "./proc.ts";
import { storeSocket } from "./start-store.ts";

/** Keeps the store while the broker stands still: what a disk holds that loses its power at that moment. */
export async function keepStore(stage: HostStage, { as }: StepOf<"keep-store">): Promise<string> {
  const { ledger } = stage.options;
  const keep = keepWith(stage);
  const { actor } = stage.running;
  const { pid, startTime, name } = actor;
  const path = join(stage.place, `store-${as}`);
  ledger.register({ undo: "remove-directory", path });
  const stopped = ledger.register({ undo: "continue-process", pid, startTime, name });
  let kept: StoreRecords;
  try {
    actor.kill("SIGSTOP");
    await comesTrue(() => isStopped(pid));
    kept = await keep(path);
  } finally {
    await ledger.undo(stopped);
  }
  stage.keptStores.set(as, path);
  return `${kept.size} jobs and executions`;
}

/**
 * A store on the disk by its files, and a server's by a snapshot of its own (RDB).
 *
 * @throws StepError `no-store`
 */
function keepWith(stage: HostStage): (path: string) => Promise<StoreRecords> {
  const { storeDirectory, storeServer } = stage;
  if (storeServer !== undefined) {
    return async (path) => {
      await keepSnapshot({ socket: storeSocket(stage), place: storePlace(stage) }, path);
      return recordsInSnapshot(path);
    };
  }
  if (storeDirectory !== undefined) {
    return async (path) => {
      cpSync(storeDirectory, path, { recursive: true });
      return keptRecords(path);
    };
  }
  throw new StepError("A store in memory cannot be kept.", {
    code: "no-store",
    next: 'Set the scenario\'s store to "sqlite" or "redis".',
  });
}
