import { readFileSync, type Stats, statSync } from "node:fs";

import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { hasFileSystem, withDetachedMount } from "../detached-mount.ts";
import { KernelTexts } from "./read-text.ts";

const type = "mqueue";
const usual = "/dev/mqueue";

/** POSIX message queues of this IPC namespace, whether or not a file system shows them (mq_overview(7)). */
export function collectMessageQueues(): ListedReading {
  if (!hasFileSystem(type, readFileSync("/proc/filesystems", "latin1"))) return { facts: [], unseen: [] };
  const found = withDetachedMount(type, readQueues);
  if (found !== null) return found;
  const mounted = readQueues(usual);
  const unseen = mounted.facts.length > 0 ? [] : [`message queues are seen only where they are mounted on ${usual}`];
  return { facts: mounted.facts, unseen: [...mounted.unseen, ...unseen] };
}

export function readQueues(directory: string): ListedReading {
  const texts = new KernelTexts();
  const facts = texts.names(directory).flatMap((name): ListedFact[] => {
    const stats = statOf(`${directory}/${name}`);
    if (stats === null) return [];
    const { uid, gid, mode, ino } = stats;
    return [
      {
        key: `mq /${name}`,
        subject: `POSIX message queue /${name}`,
        location: `message queue /${name}`,
        file: `${usual}/${name}`,
        uid,
        attributes: {
          ...{ permissions: (mode & 0o7777).toString(8), uid, gid, inode: ino },
          bytes: bytesIn(texts.text(`${directory}/${name}`)),
        },
        movesInUse: ["bytes"],
        show: `cat ${shellPath(`${usual}/${name}`)}`,
      },
    ];
  });
  return { facts, unseen: texts.unseen() };
}

/** What waits in it, `QSIZE:129 NOTIFY:2 …` (mq_overview(7)). */
function bytesIn(text: string | null): number | null {
  const bytes = /^QSIZE:(\d+)/.exec(text ?? "")?.[1];
  return bytes === undefined ? null : Number(bytes);
}

/** Null where it is gone by now. */
function statOf(path: string): Stats | null {
  try {
    return statSync(Buffer.from(path, "latin1"));
  } catch {
    return null;
  }
}
