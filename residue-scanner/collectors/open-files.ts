import { readdirSync, type Stats, statSync } from "node:fs";

import { systemCode } from "../../foundation/errors.ts";
import { inDirectory } from "./directory-access.ts";
import { firstPid, hasEnded, listPids, readProc } from "./proc.ts";

export interface HeldSocket {
  readonly pids: readonly number[];
  /** One of the descriptors. */
  readonly link: string;
}

/** A file without a name, which goes when its last holder lets go. */
export interface NamelessFile {
  /** As /proc/PID/fd shows it, one character a byte, without the word for its being deleted. */
  readonly path: string;
  readonly link: string;
  readonly pids: readonly number[];
  readonly stats: Stats;
}

export interface HeldNamespace {
  readonly pids: readonly number[];
  readonly link: string;
}

export interface OpenFiles {
  /** Graphics processors and the like, each with a process that has it open. */
  readonly devices: readonly { readonly path: string; readonly pid: number; readonly link: string }[];
  /** Objects of bpf(2) that a descriptor keeps: `prog 7`, `map 3`, `link 1` → holders. */
  readonly bpf: ReadonlyMap<string, readonly number[]>;
  /** By inode. */
  readonly sockets: ReadonlyMap<number, HeldSocket>;
  /** By device and inode. */
  readonly nameless: ReadonlyMap<string, NamelessFile>;
  /** Namespaces that a descriptor keeps: `net:[4026531833]` → holders. */
  readonly namespaces: ReadonlyMap<string, HeldNamespace>;
  /** How many processes, process 1 apart, do not show this user their descriptors. */
  readonly closed: number;
  /** Whether a socket that nobody seems to hold may have a holder all the same. */
  readonly holdersHidden: boolean;
}

/** Whoever has one of these open has memory and time of it (a "context"). */
const deviceTarget = /^\/dev\/(?:nvidia|dri\/|kfd|accel\/|mali)/;
const bpfTarget = /^anon_inode:\[?bpf[-_](?:prog|map|link)/;
const socketTarget = "socket:[";
const deletedSuffix = " (deleted)";
const namespaceTarget = /^[a-z_]+:\[\d+\]$/;
const namespaceKinds = new Set("cgroup ipc mnt net pid time user uts".split(" "));

/** What all visible processes have open, as far as it has no name that another collector would find it by. */
export function readOpenFiles(): OpenFiles {
  const held = new Held();
  const closed: number[] = [];
  for (const pid of listPids()) {
    const descriptors = listDescriptors(pid);
    if (descriptors === null && !hasEnded(pid)) closed.push(pid);
    const [of, numbers] = descriptors?.length === 0 ? ofOtherThread(pid) : [String(pid), descriptors ?? []];
    if (numbers.length > 0) addAll(held, { pid, of, descriptors: numbers });
  }
  const { sockets, nameless, namespaces } = held;
  const bpf = new Map([...held.bpf].map(([name, { pids }]) => [name, pids]));
  const hidden = closed.filter((pid) => pid !== firstPid).length;
  const devices = [...held.devices.values()];
  return { sockets, nameless, namespaces, devices, bpf, closed: hidden, holdersHidden: closed.length > 0 };
}

class Held {
  readonly sockets = new Map<number, { readonly pids: number[]; readonly link: string }>();
  readonly bpf = new Map<string, { readonly pids: number[] }>();
  readonly devices = new Map<string, OpenFiles["devices"][number]>();
  readonly nameless = new Map<string, NamelessFile & { readonly pids: number[] }>();
  readonly namespaces = new Map<string, { readonly pids: number[]; readonly link: string }>();

  add({ pid, link, target }: { pid: number; link: string; target: string }): void {
    if (target.startsWith(socketTarget)) {
      const inode = Number(target.slice(socketTarget.length, -1));
      addHolder(this.sockets, inode, { pid, make: () => ({ link }) });
    } else if (target.endsWith(deletedSuffix)) {
      this.#addDeleted({ pid, link, path: target.slice(0, -deletedSuffix.length) });
    } else if (namespaceTarget.test(target) && namespaceKinds.has(target.slice(0, target.indexOf(":")))) {
      addHolder(this.namespaces, target, { pid, make: () => ({ link }) });
    } else if (deviceTarget.test(target)) {
      this.devices.set(`${target} ${pid}`, { path: target, pid, link });
    } else if (bpfTarget.test(target)) {
      const [, kind, id] =
        /^(prog|map|link)_id:\s*(\d+)$/m.exec(readProc(link.replace("/fd/", "/fdinfo/")) ?? "") ?? [];
      if (kind !== undefined) addHolder(this.bpf, `${kind} ${id}`, { pid, make: () => ({}) });
    }
  }

  /** Only the count of links tells: a file may be called that, and a terminal that is gone is none of the disk's. */
  #addDeleted({ pid, link, path }: { pid: number; link: string; path: string }): void {
    try {
      const stats = statSync(link);
      if (stats.nlink !== 0 || !stats.isFile()) return;
      addHolder(this.nameless, `${stats.dev}:${stats.ino}`, { pid, make: () => ({ path, link, stats }) });
    } catch {
      // Closed since it was listed.
    }
  }
}

function addHolder<K, T extends { readonly pids: number[] }>(
  map: Map<K, T>,
  key: K,
  { pid, make }: { pid: number; make: () => Omit<T, "pids"> },
): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, { ...make(), pids: [pid] } as T);
  else if (found.pids.at(-1) !== pid) found.pids.push(pid);
}

function addAll(
  held: Held,
  { pid, of, descriptors }: { pid: number; of: string; descriptors: readonly string[] },
): void {
  const directory = `/proc/${of}/fd`;
  inDirectory(directory, (access) => {
    for (const descriptor of descriptors) {
      const target = access.link(descriptor);
      if ("text" in target) held.add({ pid, link: `${directory}/${descriptor}`, target: target.text });
      // Who may not read one of a process's descriptors may read none of them; each refusal takes its time.
      else if (target.code === "EACCES") return;
    }
  });
}

/** The first thread may have ended, and the others go on with all that is open (pthread_exit(3) in main). */
function ofOtherThread(pid: number): [of: string, descriptors: string[]] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid));
    for (const thread of threads) {
      const of = `${pid}/task/${thread}`;
      const descriptors = listDescriptors(of);
      if (descriptors !== null && descriptors.length > 0) return [of, descriptors];
    }
  } catch {
    // Ended since it was listed.
  }
  return [String(pid), []];
}

/**
 * @param of a pid, or `PID/task/TID`
 * @returns null where this user may not see them
 */
export function listDescriptors(of: number | string): string[] | null {
  try {
    return readdirSync(`/proc/${of}/fd`);
  } catch (error) {
    // Ended since it was listed: it holds nothing any more.
    return systemCode(error) === "EACCES" ? null : [];
  }
}
