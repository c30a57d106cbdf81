import { cpSync } from "node:fs";
import { join } from "node:path";

import { keptRecords } from "../../faults/broker-store.ts";
import { comesTrue } from "../../faults/process-ends.ts";
import { StepError } from "../../steps/step-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { isStopped } from "./proc.ts";

/** Copies the store's files while the broker stands still: what a disk holds that loses its power at that moment. */
export async function keepStore(stage: HostStage, { as }: StepOf<"keep-store">): Promise<string> {
  const { ledger } = stage.options;
  const { storeDirectory } = stage;
  if (storeDirectory === undefined) {
    throw new StepError("A store in memory cannot be kept.", {
      code: "no-store",
      next: 'Set the scenario\'s store to "sqlite".',
    });
  }
  const { actor } = stage.running;
  const { pid, startTime, name } = actor;
  const path = join(stage.place, `store-${as}`);
  ledger.register({ undo: "remove-directory", path });
  const stopped = ledger.register({ undo: "continue-process", pid, startTime, name });
  try {
    actor.kill("SIGSTOP");
    await comesTrue(() => isStopped(pid));
    cpSync(storeDirectory, path, { recursive: true });
  } finally {
    await ledger.undo(stopped);
  }
  stage.keptStores.set(as, path);
  return `${keptRecords(path).size} jobs and executions`;
}
