import { homedir, userInfo } from "node:os";

/** A user without a name (a container started with `--user`) is known by number: `uid 12345`. */
export function ownUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** `$HOME`, else what the system says; null for a user who has neither. */
export function ownHome(): string | null {
  try {
    return homedir();
  } catch {
    return null;
  }
}
