import { randomBytes, randomInt } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

import { readProcess } from "../collectors/processes.ts";
import { unifiedRoot } from "../collectors/cgroups.ts";

/** The variables of an item's scripts and traces, by name; D is added for each item. */
export type Variables = Readonly<Record<string, string>>;

/** Where the directories of runs lie: on a disk, and not emptied at the start of the host. */
const place = "/var/tmp";
export const fieldPrefix = join(place, "houseguest-corpus-");

/** Names, numbers and addresses of one run, drawn so that two runs at the same time do not meet. */
export function drawVariables(): Variables {
  const token = randomBytes(2).toString("hex");
  const key = randomInt(0x1000_0000, 0x7000_0000);
  const address = randomInt(1, 120);
  const root = unifiedRoot();
  const own = readProcess(process.pid)?.cgroup ?? null;
  return {
    W: `${fieldPrefix}${token}`,
    // Short: an interface's name has room for 15 characters.
    T: `hgp${token}`,
    N: `hgn${token}`,
    K: String(key),
    K1: String(key + 1),
    K2: String(key + 2),
    ...Object.fromEntries([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((more) => [`K${more}`, String(key + more)])),
    A: `127.${randomInt(10, 250)}.${randomInt(1, 250)}`,
    B: String(address),
    C: String(address + 120),
    P: String(randomInt(20_000, 30_000)),
    HOME: homedir(),
    CGROUP: root === null || own === null ? "" : join(root, own).replace(/\/$/, ""),
  };
}

/** Puts the variables into a text as sh(1) would; what is none stays. */
export function expand(text: string, variables: Variables): string {
  return text.replace(/\$(HOME|CGROUP|K\d{1,2}|[A-Z])/g, (whole, name: string) => variables[name] ?? whole);
}

/** The variables of one item. */
export function withDirectory(variables: Variables, name: string): Variables {
  return { ...variables, D: `${variables["W"]}/p/${name}` };
}
