import { readdirSync, readFileSync } from "node:fs";

import { listDescriptors, readOpenFiles } from "../../collectors/open-files.ts";
import { readProcessStat, readProc, readProcLink } from "../../collectors/proc.ts";
import { parseInternetTable, parseUnixTable } from "../../core/socket-table.ts";

/** What can be seen of threads and processes while they run. */
export interface ThreadLooks {
  /** Processes, other than this one, that wait for others at a unix(7) socket with a name, or for datagrams. */
  services(): readonly number[];
  /** Whether a process does. */
  servesAtName(process: number): boolean;
  /** Of the process that has this thread, its first one first; none where it has ended. */
  threadsOf(thread: number): readonly number[];
  /** Null where it has ended. */
  startTimeOf(thread: number): string | null;
  /** What it runs; null where it has ended, or does not show it. */
  programOf(thread: number): string | null;
  /** Or of one that comes from it: what the run's own services do is the run's whoever asks them. */
  isOfThisProcess(process: number): boolean;
}

/** More ancestors than that nobody has. */
const depthMax = 100;
const datagramTables = ["udp", "udp6"];
const socketLink = /^socket:\[(\d+)\]$/;

/** By /proc. */
export const procThreads: ThreadLooks = {
  services() {
    const { sockets } = readOpenFiles();
    const inodes = waitedAt((table) => readFileSync(`/proc/net/${table}`, "latin1"));
    const pids = inodes.flatMap((inode) => sockets.get(inode)?.pids ?? []);
    return [...new Set(pids)].filter((pid) => pid !== process.pid);
  },
  servesAtName(pid) {
    const held = new Set(
      (listDescriptors(pid) ?? []).flatMap((descriptor) => inodeAt(`/proc/${pid}/fd/${descriptor}`)),
    );
    // Each network namespace has a table of its own.
    return held.size > 0 && waitedAt((table) => readProc(`/proc/${pid}/net/${table}`)).some((inode) => held.has(inode));
  },
  threadsOf(thread) {
    try {
      const first = Number(/^Tgid:\s*(\d+)$/m.exec(readProc(`/proc/${thread}/status`) ?? "")?.[1]);
      const threads = readdirSync(`/proc/${thread}/task`).map(Number);
      return threads.includes(first) ? [first, ...threads.filter((each) => each !== first)] : [];
    } catch {
      // It has ended, and is asked for nothing any more.
      return [];
    }
  },
  startTimeOf(thread) {
    return readProcessStat(thread)?.startTime ?? null;
  },
  programOf(thread) {
    return readProcLink(`/proc/${thread}/exe`);
  },
  isOfThisProcess(of) {
    let pid = of;
    for (let depth = 0; pid > 1 && depth < depthMax; depth += 1) {
      if (pid === process.pid) return true;
      pid = readProcessStat(pid)?.parent ?? 0;
    }
    return false;
  },
};

/**
 * Inodes of the sockets with a name at which somebody waits, and of those to which anybody may send datagrams. Whether
 * such a port was asked for (bind(2)) or given to whoever sent something first the kernel does not tell later: a client
 * that waits for answers looks like a service that had the kernel choose its port.
 *
 * @param read a table below /proc/net; null where it cannot be read
 */
function waitedAt(read: (table: string) => string | null): number[] {
  const named = parseUnixTable(read("unix") ?? "").filter(
    ({ local, state, protocol }) => local !== "" && (state === "listening" || protocol === "unix-dgram"),
  );
  const bound = datagramTables.flatMap((table) =>
    parseInternetTable(table, tableOr(read, table)).filter(({ state }) => state === "bound"),
  );
  return [...named, ...bound].map(({ inode }) => inode);
}

/** Without version 6 there is no such table. */
function tableOr(read: (table: string) => string | null, table: string): string {
  try {
    return read(table) ?? "";
  } catch {
    return "";
  }
}

function inodeAt(link: string): number[] {
  const inode = socketLink.exec(readProcLink(link) ?? "")?.[1];
  return inode === undefined ? [] : [Number(inode)];
}
