import { readFileSync } from "node:fs";

/** Names of this host's own users (passwd(5)); a number that has none there is shown as it is. */
export function readUserNames(): (uid: number) => string {
  const names = new Map<number, string>();
  try {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [name, , uid] = line.split(":");
      if (name !== undefined && uid !== undefined && !names.has(Number(uid))) names.set(Number(uid), name);
    }
  } catch {
    // Without the table, numbers are shown.
  }
  return (uid) => names.get(uid) ?? `uid ${uid}`;
}
