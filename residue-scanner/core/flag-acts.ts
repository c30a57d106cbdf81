import type { FileDifference } from "./difference.ts";
import { milliseconds } from "./file-fact.ts";
import type { Act } from "./recording.ts";
import { stampLagMs } from "./stamp-lag.ts";

/** How long a call may wait for the file system's journal before it stamps the file, in ms. */
const waitingMs = 50;

/**
 * What chattr(1) sets leaves no file event, and some of its flags are none that statx(2) tells: of those no more is seen
 * than that the ctime moved.
 */
export function mayBeOfFlags({ change, changed, before, after }: FileDifference): boolean {
  if (change !== "changed" || before?.ino !== after?.ino) return false;
  return changed.includes("flags") || String(changed) === "ctime";
}

/**
 * Of the calls that set flags of files, those that may have set this one's. None says which file it was about; but each
 * stamps its file with the time of the call, so that those which fit the file's ctime go before all others.
 */
export function flagActs(acts: readonly Act[], { changed, after }: FileDifference): readonly Act[] {
  const stampedMs = after === null ? 0 : milliseconds(after.changedNs);
  const timely = acts.filter(
    ({ atMs }) => atMs <= stampedMs + stampLagMs && atMs >= stampedMs - waitingMs - stampLagMs,
  );
  // Whoever set other things later stamped it anew; without flags of its own that differ, only its time tells of it.
  return timely.length > 0 || !changed.includes("flags") ? timely : acts;
}
