import { lstatSync } from "node:fs";

import type { Steps } from "../core/steps.ts";
import { listDescriptors } from "./open-files.ts";
import { listPids, readProc, readProcessStat, readProcLink } from "./proc.ts";
import { identityOf, readWaitingToOpen } from "./waiting-to-open.ts";

/**
 * Pids of those who have a file open, or wait until a named pipe opens, or who share it in their memory, which they need
 * not have open any more.
 */
export interface FileUsers {
  readonly readers: readonly number[];
  readonly writers: readonly number[];
  /** Who is told of what is done to it (inotify(7)), or in the directory in which it lies; absent where nobody is. */
  readonly watchers?: readonly number[];
}

const watchTarget = "anon_inode:inotify";

/**
 * Which processes can read or write one of these files as it is, without opening it again: path (one character a byte) →
 * pids. Of what somebody writes to a mapping (mmap(2), MAP_SHARED) the kernel tells only when the mapping ends.
 *
 * @param pipes those of them that are named pipes: where there are none, nobody is looked for who waits for one
 */
export function* readUsers(paths: ReadonlySet<string>, pipes: readonly string[] = []): Steps<Map<string, FileUsers>> {
  const pipesByIdentity = new Map(pipes.map((path) => [identityOf(path), path]));
  const users = new Map<string, { readonly readers: number[]; readonly writers: number[]; watchers?: number[] }>();
  const watchers = new Map<string, number[]>();
  const usersOf = (path: string) => {
    const known = users.get(path) ?? { readers: [], writers: [] };
    users.set(path, known);
    return known;
  };
  const add = (pids: number[], pid: number) => void (pids.at(-1) !== pid && pids.push(pid));
  for (const pid of listPids()) {
    yield;
    for (const descriptor of listDescriptors(pid) ?? []) {
      const link = `/proc/${pid}/fd/${descriptor}`;
      const target = readProcLink(link);
      if (target === watchTarget) {
        for (const file of watchedBy(readProc(`/proc/${pid}/fdinfo/${descriptor}`) ?? ""))
          add(watchers.get(file) ?? emptyAt(watchers, file), pid);
      }
      if (target === null || !paths.has(target)) continue;
      const mode = modeOf(link);
      if ((mode & 0o400) !== 0) add(usersOf(target).readers, pid);
      if ((mode & 0o200) !== 0) add(usersOf(target).writers, pid);
    }
    for (const { file, reads, writes } of pipes.length === 0 ? [] : readWaitingToOpen(pid)) {
      const path = pipesByIdentity.get(file);
      if (path !== undefined && reads) add(usersOf(path).readers, pid);
      if (path !== undefined && writes) add(usersOf(path).writers, pid);
    }
    // Who waits for a device or a file server may hold the lock that the reader of its mappings waits for.
    const maps = readProcessStat(pid)?.state === "D" ? null : readProc(`/proc/${pid}/maps`);
    for (const path of writableMappings(maps ?? "")) if (paths.has(path)) add(usersOf(path).writers, pid);
  }
  if (watchers.size === 0) return users;
  const watchersOf = (path: string) => watchers.get(identityOf(path) ?? "") ?? [];
  const above = new Map<string, readonly number[]>();
  for (const path of paths) {
    yield;
    const directory = path.slice(0, Math.max(1, path.lastIndexOf("/")));
    const aboveIt = above.get(directory) ?? watchersOf(directory);
    above.set(directory, aboveIt);
    const all = new Set([...watchersOf(path), ...aboveIt]);
    if (all.size > 0) usersOf(path).watchers = [...all];
  }
  return users;
}

/**
 * What is watched through a descriptor, as `identityOf` has it.
 *
 * @param text proc_pid_fdinfo(5): `inotify wd:1 ino:2c3 sdev:fe00000 …`, in which the device is as the kernel has it
 */
function watchedBy(text: string): string[] {
  return [...text.matchAll(/^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+) /gm)].map(([, inode, device]) => {
    const number = BigInt(`0x${device}`);
    const [major, minor] = [number >> 20n, number & 0xfffffn];
    // makedev(3)
    return `${(minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n)}:${BigInt(`0x${inode}`)}`;
  });
}

function emptyAt(lists: Map<string, number[]>, key: string): number[] {
  const list: number[] = [];
  lists.set(key, list);
  return list;
}

/**
 * Files that what is written to memory goes to.
 *
 * @param maps as /proc/PID/maps has them, proc_pid_maps(5): a newline in a name is told as `\012`
 */
export function writableMappings(maps: string): string[] {
  if (!maps.includes(" rw-s ") && !maps.includes(" -w-s ") && !maps.includes(" rwxs ")) return [];
  return maps.split("\n").flatMap((line) => {
    const path = /^[0-9a-f]+-[0-9a-f]+ .w.s [0-9a-f]+ \S+ \d+ +(\/.*)$/.exec(line)?.[1];
    return path === undefined ? [] : [path.replaceAll(String.raw`\012`, "\n")];
  });
}

/** proc_pid_fd(5): the link's own permissions tell how the descriptor was opened. */
function modeOf(link: string): number {
  try {
    return lstatSync(link).mode;
  } catch {
    // Closed since it was listed.
    return 0;
  }
}
