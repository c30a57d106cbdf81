import { processStat } from "../stages/host/proc.ts";
import type { UndoAction } from "../undo/undo-action.ts";

/** What only this process bears: it is gone with it, and whoever heals after it has nothing to do. */
export function ownProcess(what: string): UndoAction {
  const { pid } = process;
  return { undo: "ends-with-process", pid, startTime: processStat(pid)?.startTime ?? "", what };
}
