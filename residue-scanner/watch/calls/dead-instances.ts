import { type DeadInstances, removeLeftoverInstances } from "./instance-name.ts";
import { openTracefs } from "./tracefs.ts";

/**
 * Removes the tracing instances of recorders that were killed (SIGKILL), as the next recorder would at its start. They
 * trace nothing any more and hold no memory; but they are there, and were not before.
 *
 * @returns none where this user sees no tracing
 */
export async function removeDeadInstances(): Promise<DeadInstances> {
  const none = { removed: [], left: [] };
  const tracefs = await openTracefs();
  if ("refusal" in tracefs) return none;
  try {
    return removeLeftoverInstances(tracefs.path);
  } catch {
    // Mounted and not for this user to list: then it made none either.
    return none;
  } finally {
    tracefs.close();
  }
}
