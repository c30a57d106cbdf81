import { systemCode } from "../../foundation/errors.ts";
import { isNoRoom } from "./journal-file.ts";

/**
 * What the disk has to do with an error, for whoever reads the log; null where nothing. What could not be synced counts
 * as not written, because a further sync would not tell (fsync(2), EIO).
 */
export function diskTrouble(error: unknown): string | null {
  if (isNoRoom(error)) return "The disk has no room for what the agent must write down";
  const code = systemCode(error) ?? "";
  return ["EIO", "EROFS"].includes(code) ? `The disk failed (${code}) at what the agent must write down` : null;
}
