import { lstatSync } from "node:fs";

import type { FileWatchers } from "../core/inspection.ts";
import type { Steps } from "../core/steps.ts";
import { listDescriptors } from "./open-files.ts";
import { listPids, readProc, readProcessStat, readProcLink } from "./proc.ts";
import { readInotifyWatches } from "./inotify-watches.ts";
import { WatchedFiles } from "./watched-files.ts";
import { readWaitingToOpen } from "./waiting-to-open.ts";

/**
 * Pids of those who have a file open, or wait until a named pipe opens, or who share it in their memory, which they need
 * not have open any more.
 */
export interface FileUsers {
  readonly readers: readonly number[];
  readonly writers: readonly number[];
  /** Absent where nobody watches it. */
  readonly watchers?: FileWatchers;
}

const watchTarget = "anon_inode:inotify";

/**
 * Which processes can read or write one of these files as it is, without opening it again: path (one character a byte) →
 * pids. Of what somebody writes to a mapping (mmap(2), MAP_SHARED) the kernel tells only when the mapping ends.
 *
 * @param pipes those of them that are named pipes: where there are none, nobody is looked for who waits for one
 */
export function* readUsers(paths: ReadonlySet<string>, pipes: readonly string[] = []): Steps<Map<string, FileUsers>> {
  const watched = yield* WatchedFiles.among(paths);
  const pipesByIdentity = new Map(pipes.map((path) => [watched.identityOf(path), path]));
  const users = new Map<string, { readonly readers: number[]; readonly writers: number[]; watchers?: FileWatchers }>();
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
      if (target === watchTarget)
        yield* readInotifyWatches(`/proc/${pid}/fdinfo/${descriptor}`, (watch) => watched.add(watch, pid));
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
  for (const path of watched.isNobodys ? [] : paths) {
    yield;
    const watchers = watched.watchersOf(path);
    if (watchers !== null) usersOf(path).watchers = watchers;
  }
  return users;
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
