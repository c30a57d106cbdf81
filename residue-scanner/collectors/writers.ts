import { lstatSync } from "node:fs";

import { listDescriptors } from "./open-files.ts";
import { listPids, readProc, readProcLink } from "./proc.ts";

/**
 * Which processes can write to one of these files as it is, without opening it again: path (one character a byte) →
 * pids. Whoever has mapped a file so (mmap(2), MAP_SHARED) need not have it open any more, and the kernel tells of what
 * is written so only when the mapping ends.
 */
export function readWriters(paths: ReadonlySet<string>): Map<string, number[]> {
  const writers = new Map<string, number[]>();
  const add = (path: string, pid: number) => {
    const pids = writers.get(path) ?? [];
    if (paths.has(path) && !pids.includes(pid)) writers.set(path, [...pids, pid]);
  };
  for (const pid of listPids()) {
    for (const descriptor of listDescriptors(pid) ?? []) {
      const link = `/proc/${pid}/fd/${descriptor}`;
      const target = readProcLink(link);
      if (target !== null && paths.has(target) && isForWriting(link)) add(target, pid);
    }
    for (const path of writableMappings(readProc(`/proc/${pid}/maps`) ?? "")) add(path, pid);
  }
  return writers;
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
function isForWriting(link: string): boolean {
  try {
    return (lstatSync(link).mode & 0o200) !== 0;
  } catch {
    return false;
  }
}
