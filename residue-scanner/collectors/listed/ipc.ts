import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { KernelTexts } from "./read-text.ts";

/** What waits in a queue: whoever sends or receives moves it. */
const waiting = ["qnum", "cbytes"];

/** Columns of the tables that sysvipc(7) names; what the numbers of uses and users move is not compared. */
const tables = {
  shm: { what: "shared memory", flag: "-m", compared: ["key", "perms", "size", "uid", "gid", "cuid", "cgid", "ctime"] },
  sem: { what: "semaphores", flag: "-s", compared: ["key", "perms", "nsems", "uid", "gid", "cuid", "cgid", "ctime"] },
  msg: {
    ...{ what: "message queue", flag: "-q" },
    compared: ["key", "perms", "uid", "gid", "cuid", "cgid", "ctime", ...waiting],
  },
} as const;

/** System V shared memory, semaphores and message queues: they outlive whoever made them (sysvipc(7)). */
export function collectIpc(directory = "/proc/sysvipc"): ListedReading {
  const texts = new KernelTexts();
  const facts: ListedFact[] = [];
  for (const [table, { what, flag, compared }] of Object.entries(tables)) {
    const [headings = [], ...rows] = texts.rows(`${directory}/${table}`);
    const idAt = headings.findIndex((name) => name.endsWith("id") && name !== "uid" && name !== "gid");
    for (const row of rows) {
      const valueOf = (name: string): string => row[headings.indexOf(name)] ?? "";
      const id = row[idAt] ?? "";
      facts.push({
        key: `${table} ${id}`,
        subject: `${what} ${id}, key ${valueOf("key")}`,
        location: `${what} ${id}`,
        uid: Number(valueOf("uid")),
        attributes: Object.fromEntries(compared.map((name) => [name, valueOf(name)])),
        ...(table === "msg" && { movesInUse: waiting }),
        show: `ipcs ${flag} -i ${id}`,
      });
    }
  }
  return { facts, unseen: texts.unseen() };
}
