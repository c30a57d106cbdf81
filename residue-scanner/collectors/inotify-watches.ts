import { closeSync, openSync, readSync } from "node:fs";

import type { TouchKind } from "../core/recording.ts";
import type { Steps } from "../core/steps.ts";

/** A file that somebody watches by inotify(7). */
export interface InotifyWatch {
  /** `DEVICE:INODE` */
  readonly file: string;
  /** IN_* of inotify.h */
  readonly mask: number;
}

/** What events tell of (inotify.h): whoever makes a file, or writes to it, opens it and closes it. That it is read says nothing. */
const toldOfBoth: readonly (readonly [event: number, kinds: readonly TouchKind[]])[] = [
  [0x2, ["modified"]],
  [0x4, ["attributes"]],
  [0x8 | 0x20, ["created", "modified"]],
];
/** That a file is given a name, or loses one, is told of the file, too: its count of links is an attribute. */
const toldOfItself: typeof toldOfBoth = [
  ...toldOfBoth,
  [0x4, ["created", "deleted"]],
  [0x400, ["deleted"]],
  [0x800, ["moved-from", "moved-to"]],
];
const toldOfNames: typeof toldOfBoth = [
  ...toldOfBoth,
  [0x40, ["moved-from"]],
  [0x80, ["moved-to"]],
  [0x100, ["created"]],
  [0x200, ["deleted"]],
];

const chunkBytes = 65_536;
/** proc_pid_fdinfo(5): `inotify wd:1 ino:2c3 sdev:fe00000 mask:fce …`, in which the device is as the kernel has it. */
const line = /^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+) mask:([0-9a-f]+) /;

/**
 * Reads what is watched through one descriptor, which may be all that there is on the host: so it is handed on one by one.
 *
 * @param path of the descriptor below /proc/PID/fdinfo
 */
export function* readInotifyWatches(path: string, take: (watch: InotifyWatch) => void): Steps<void> {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    // Closed since it was listed.
    return;
  }
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let rest = ""; ; ) {
      const bytes = readOf(descriptor, buffer);
      if (bytes === 0) return;
      const lines = (rest + buffer.toString("latin1", 0, bytes)).split("\n");
      rest = lines.pop() ?? "";
      for (const each of lines) {
        const watch = watchOf(each);
        if (watch !== null) take(watch);
      }
      yield;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Of what is done to a file itself, what a watch of it tells of. */
export function kindsOfItself({ mask }: InotifyWatch): TouchKind[] {
  return toldOfItself.flatMap(([events, kinds]) => ((mask & events) === 0 ? [] : kinds));
}

/** Of what is done to the names in a directory, what a watch of that tells of. */
export function kindsOfNames({ mask }: InotifyWatch): TouchKind[] {
  return toldOfNames.flatMap(([events, kinds]) => ((mask & events) === 0 ? [] : kinds));
}

function watchOf(text: string): InotifyWatch | null {
  const [, inode, device, mask] = line.exec(text) ?? [];
  if (mask === undefined) return null;
  const number = BigInt(`0x${device}`);
  const [major, minor] = [number >> 20n, number & 0xfffffn];
  // makedev(3)
  const file = `${(minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n)}:${BigInt(`0x${inode}`)}`;
  return { file, mask: Number.parseInt(mask, 16) };
}

function readOf(descriptor: number, buffer: Buffer): number {
  try {
    return readSync(descriptor, buffer, 0, buffer.length, null);
  } catch {
    // Whose it was has ended.
    return 0;
  }
}
