import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Homes of all users (passwd(5), the sixth field), without the slash that they begin with; one character a byte. */
export function homesBelow(root: string): string[] {
  let users: string;
  try {
    users = readFileSync(join(root, "etc/passwd"), "latin1");
  } catch {
    // A host without users in a file; that it cannot be read is said by the surface of configuration.
    return [];
  }
  const homes = users.split("\n").map((line) => line.split(":")[5] ?? "");
  return [...new Set(homes)].filter((home) => /^\/[^/]/.test(home)).map((home) => home.slice(1));
}
