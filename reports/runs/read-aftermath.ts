import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Aftermath, aftermathFile } from "../../protocol/aftermath.ts";
import { counted } from "../text/duration.ts";
import { isoTime } from "../text/wall-clock.ts";

/** What was undone for a run after its harness had died; null where nothing says so that can be read. */
export function readAftermath(runDirectory: string): Aftermath | null {
  try {
    const parsed = Aftermath.safeParse(JSON.parse(readFileSync(join(runDirectory, aftermathFile), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Who undid what and when, as a sentence. */
export function aftermathSentence({ by, at, undone, notUndone }: Aftermath): string {
  const who = by === "watchdog" ? "Its watchdog" : "`scenarios heal`";
  const when = `at ${isoTime(at)}`;
  if (notUndone.length > 0) {
    return `${who} undid ${counted(undone.length, "deed")} ${when}, and could not undo ${notUndone.length}.`;
  }
  return undone.length === 0
    ? `${who} found nothing left to undo ${when}.`
    : `${who} undid everything (${counted(undone.length, "deed")}) ${when}.`;
}
