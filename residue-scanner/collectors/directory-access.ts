import { readlinkSync } from "node:fs";
import { getSystemErrorName } from "node:util";

import { systemCode } from "../../foundation/errors.ts";
import { type KernelCalls, kernelCalls } from "./kernel-calls.ts";
import { readRecord } from "./quick-read.ts";

/** What a file holds or a link says, one character a byte, or the code of the error: `ENOENT`. */
export type Outcome = { readonly text: string } | { readonly code: string };

/** Reads what is in one directory, by its names there, one character a byte. */
export interface DirectoryAccess {
  /** A file that the kernel hands out in one piece: a setting, a record of a process. */
  readonly record: (name: string) => Outcome;
  readonly link: (name: string) => Outcome;
}

/** O_RDONLY, O_CLOEXEC, and O_PATH: naming a directory, not opening it. */
const readOnly = 0o2000000;
const openPlace = 0o10000000 | readOnly;
const atFdcwd = -100;
/** Most files are shorter, and the kernel clears room of its own for as much as is asked for. */
const contentBytes = 4_096;
const pathBytesMax = 4_096;

const path = Buffer.from(new ArrayBuffer(pathBytesMax));
const content = Buffer.from(new ArrayBuffer(contentBytes));

/**
 * Has several things read in one directory. Of /proc and /sys the kernel looks up every part of a path anew, the slow
 * way; from the directory on there is one part only, which takes a third off the time.
 *
 * @param use gets what reads while it runs
 */
export function inDirectory<T>(directory: string, use: (access: DirectoryAccess) => T): T {
  const calls = kernelCalls();
  const place = calls === null ? -1 : open(calls, { directory: atFdcwd, name: directory, flags: openPlace });
  if (calls === null || place < 0) return use(accessByPath(directory));
  try {
    return use({
      record: (name) => recordIn(calls, { place, directory, name }),
      link: (name) => linkIn(calls, { place, directory, name }),
    });
  } finally {
    calls.close(place);
  }
}

function accessByPath(directory: string): DirectoryAccess {
  const outcome = (read: () => string): Outcome => {
    try {
      return { text: read() };
    } catch (error) {
      return { code: systemCode(error) ?? "unknown" };
    }
  };
  return {
    record: (name) => outcome(() => readRecord(`${directory}/${name}`)),
    link: (name) => outcome(() => readlinkSync(`${directory}/${name}`, "latin1")),
  };
}

interface Entry {
  /** A descriptor of the directory. */
  readonly place: number;
  readonly directory: string;
  readonly name: string;
}

function recordIn(calls: KernelCalls, { place, directory, name }: Entry): Outcome {
  const file = open(calls, { directory: place, name, flags: readOnly });
  if (file < 0) return failed(calls);
  try {
    const bytes = calls.read(file, calls.addressOf(content), contentBytes);
    if (bytes < 0) return failed(calls);
    // A longer one is read again with more room.
    return bytes < contentBytes ? textOf(bytes) : accessByPath(directory).record(name);
  } finally {
    calls.close(file);
  }
}

function linkIn(calls: KernelCalls, { place, directory, name }: Entry): Outcome {
  const bytes = calls.readlinkat(place, written(calls, name), calls.addressOf(content), contentBytes);
  if (bytes < 0) return failed(calls);
  return bytes < contentBytes ? textOf(bytes) : accessByPath(directory).link(name);
}

function textOf(bytes: number): Outcome {
  return { text: content.toString("latin1", 0, bytes) };
}

function failed(calls: KernelCalls): Outcome {
  return { code: getSystemErrorName(-calls.errno()) };
}

function open(
  calls: KernelCalls,
  { directory, name, flags }: { directory: number; name: string; flags: number },
): number {
  return name.length < pathBytesMax ? calls.openat(directory, written(calls, name), flags) : -1;
}

/** @returns where it is, until the next one */
function written(calls: KernelCalls, name: string): number {
  path.write(name, 0, "latin1");
  path[Math.min(name.length, pathBytesMax - 1)] = 0;
  return calls.addressOf(path);
}
