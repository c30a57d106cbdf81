import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";

import { systemCode } from "../foundation/errors.ts";
import { loadNativeCalls, type NativeCalls } from "./collectors/files/native-calls.ts";
import { XattrReader } from "./collectors/files/xattr-reader.ts";
import { type FileUsers, readUsers } from "./collectors/file-users.ts";
import type { FileDifference } from "./core/difference.ts";
import { isCovered } from "./core/covered-path.ts";
import { unpackXattrs } from "./core/file-fact.ts";
import type { FileInspection } from "./core/inspection.ts";
import type { Steps } from "./core/steps.ts";

const filesMax = 2_000;
const fileBytesMax = 64 * 1024 * 1024;
const allBytesMax = 512 * 1024 * 1024;
const chunkBytes = 1024 * 1024;

// Looked up once: koffi is loaded asynchronously.
const calls: NativeCalls | null = await loadNativeCalls();

/**
 * Looks more closely at files that differ: content, link target, extended attributes, and who has them open. Reads
 * without moving access times where the kernel allows that (O_NOATIME, open(2)).
 *
 * @param names looked for in the contents
 */
export function* inspectFiles(
  differences: readonly FileDifference[],
  names: readonly string[],
): Steps<Map<string, FileInspection>> {
  const isChanged = ({ change }: FileDifference) => change === "changed";
  // Where there are too many, of what was there before the content says more than of one new file among thousands.
  const present = [...differences.filter(isChanged), ...differences.filter((one) => !isChanged(one))]
    .filter(({ after }) => after !== null)
    .slice(0, filesMax);
  const pipes = present.flatMap(({ key, after }) => (after?.kind === "fifo" ? [key] : []));
  const users =
    present.length === 0
      ? new Map<string, FileUsers>()
      : yield* readUsers(new Set(present.map(({ key }) => key)), pipes);
  const overlap = Math.max(0, ...names.map((name) => Buffer.byteLength(name)));
  const tools: Tools = {
    names,
    budget: { bytes: allBytesMax },
    overlap,
    buffer: Buffer.alloc(present.length === 0 ? 0 : overlap + chunkBytes),
    xattrs: calls === null || present.length === 0 ? null : new XattrReader(calls),
  };
  const inspections = new Map<string, FileInspection>();
  for (const { key, after } of present) {
    yield;
    if (isCovered(key)) {
      inspections.set(key, {
        ...nothingRead,
        unread: "a mount covers it",
        linkTarget: null,
        xattrs: null,
        writers: [],
      });
      continue;
    }
    const path = Buffer.from(key, "latin1");
    const isFile = after?.kind === "file";
    const content = isFile ? yield* readContent(path, tools) : nothingRead;
    inspections.set(key, {
      ...content,
      linkTarget: after?.kind === "symlink" ? readTarget(path) : null,
      xattrs: readXattrs(path, tools.xattrs),
      writers: users.get(key)?.writers ?? [],
      ...watchersOf(users.get(key)),
      ...(after?.kind === "fifo" && { readers: users.get(key)?.readers ?? [] }),
    });
  }
  return inspections;
}

function watchersOf(users: FileUsers | undefined): Pick<FileInspection, "watchers"> {
  return users?.watchers === undefined ? {} : { watchers: users.watchers };
}

/** What all files are read with, one after the other. */
interface Tools {
  readonly names: readonly string[];
  readonly budget: { bytes: number };
  /** The length of the longest name. */
  readonly overlap: number;
  readonly buffer: Buffer;
  readonly xattrs: XattrReader | null;
}

type Content = Pick<FileInspection, "digest" | "unread" | "bears">;
const nothingRead: Content = { digest: null, unread: null, bears: [] };

function* readContent(path: Buffer, tools: Tools): Steps<Content> {
  let descriptor: number;
  try {
    descriptor = openForReading(path);
  } catch (error) {
    return { ...nothingRead, unread: systemCode(error) ?? "unreadable" };
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { ...nothingRead, unread: "it is no longer a regular file" };
    if (stats.size > fileBytesMax || stats.size > tools.budget.bytes) {
      return { ...nothingRead, unread: `${stats.size} bytes are more than this report reads` };
    }
    tools.budget.bytes -= stats.size;
    return yield* digestOf(descriptor, tools);
  } catch (error) {
    return { ...nothingRead, unread: systemCode(error) ?? "unreadable" };
  } finally {
    closeSync(descriptor);
  }
}

/** Chunks overlap by the longest name, so that none is missed at a border. */
function* digestOf(descriptor: number, { names, overlap, buffer }: Tools): Steps<Content> {
  const hash = createHash("sha256");
  const bears = new Set<string>();
  let kept = 0;
  for (let total = 0; total <= fileBytesMax; ) {
    yield;
    const read = readSync(descriptor, buffer, kept, chunkBytes, null);
    if (read === 0) return { digest: hash.digest("hex"), unread: null, bears: [...bears] };
    total += read;
    hash.update(buffer.subarray(kept, kept + read));
    const filled = buffer.subarray(0, kept + read);
    for (const name of names) if (filled.includes(name)) bears.add(name);
    kept = Math.min(overlap, filled.length);
    buffer.copyWithin(0, filled.length - kept, filled.length);
  }
  return { ...nothingRead, unread: "it grew while it was read", bears: [...bears] };
}

function openForReading(path: Buffer): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path, flags | constants.O_NOATIME);
  } catch (error) {
    // Somebody else's file: only its owner and root may read without leaving a trace.
    if (systemCode(error) !== "EPERM") throw error;
    return openSync(path, flags);
  }
}

function readTarget(path: Buffer): string | null {
  try {
    return readlinkSync(path, "latin1");
  } catch {
    return null;
  }
}

function readXattrs(path: Buffer, reader: XattrReader | null): string[] | null {
  if (calls === null || reader === null) return null;
  const terminated = Buffer.concat([path, Buffer.alloc(1)]);
  // A copy that is surely outside the pool of small buffers, whose memory may be shared.
  const held = new Uint8Array(Math.max(terminated.length, 256));
  held.set(terminated);
  reader.read(calls.addressOf(held));
  return unpackXattrs(reader.packed.subarray(0, reader.bytes));
}
