import { removeLeftoverInstances } from "./instance-name.ts";
import { openTracefs } from "./tracefs.ts";

/**
 * Removes the tracing instances of recorders that were killed (SIGKILL), as the next recorder would at its start. They
 * trace nothing any more and hold no memory; but they are there, and were not before.
 *
 * @returns names of those that were removed; none where this user sees no tracing
 */
export async function removeDeadInstances(): Promise<string[]> {
  const tracefs = await openTracefs();
  if ("refusal" in tracefs) return [];
  try {
    return removeLeftoverInstances(tracefs.path);
  } catch {
    // Mounted and not for this user to list: then it made none either.
    return [];
  } finally {
    tracefs.close();
  }
}
