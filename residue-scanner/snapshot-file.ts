import { open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

import { messageOf, UsageError } from "../foundation/errors.ts";
import { indexTree, type Segment } from "./core/packed-tree.ts";
import type { Snapshot } from "./core/snapshot.ts";

const format = 2;
const magic = `houseguest-snapshot-${format}\n`;
const anyMagic = /^houseguest-snapshot-(\d+)\n/;
/** Higher levels save a tenth of the space for a multiple of the time. */
const level = 3;
/** How many segments are packed or unpacked at the same time: each holds some megabytes meanwhile. */
const lanes = 2;

interface PackedSegment {
  readonly words: number;
  /** Length of its frame. */
  readonly bytes: number;
}

/** Everything but the files, and what of those follows. */
interface Header {
  readonly snapshot: Omit<Snapshot, "files" | "live" | "listed"> & Partial<Pick<Snapshot, "listed">>;
  readonly segments: readonly PackedSegment[];
  /** Words are in the byte order of the machine that wrote them. */
  readonly littleEndian: boolean;
}

/**
 * Writes a snapshot as zstd frames with a checksum each, which zstd(1) unpacks too: first a line that names the format
 * and a JSON header, then a frame for each segment of the files. What was in the file before stays until all is written.
 *
 * @throws UsageError `snapshot-file` when it cannot be written
 * @throws the signal's reason when it aborts; nothing is left then
 */
export async function saveSnapshot(
  snapshot: Snapshot,
  path: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const frames = await framesOf(snapshot, signal);
  try {
    const place = await placeOf(path);
    if (place === null) return await writeFrames(frames, path, signal);
    const partial = `${place}.${process.pid}.partial`;
    try {
      await writeFrames(frames, partial, signal);
      await rename(partial, place);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new UsageError(`The snapshot ${path} cannot be written: ${messageOf(error)}.`, {
      code: "snapshot-file",
      next: "Name a file in a folder that exists, that you may write to, and that has room.",
      cause: error,
    });
  }
}

async function framesOf({ files, ...rest }: Snapshot, signal?: AbortSignal): Promise<Buffer[]> {
  const { live: _, ...snapshot } = rest;
  const packed = await inLanes(files.segments, async ({ words, used }) => {
    signal?.throwIfAborted();
    return await pack(Buffer.from(words.buffer, words.byteOffset, used * 4));
  });
  const segments = files.segments.map(({ used }, index) => ({ words: used, bytes: packed[index]?.length ?? 0 }));
  const header: Header = { snapshot, segments, littleEndian };
  return [await pack(Buffer.from(magic + JSON.stringify(header))), ...packed];
}

async function pack(bytes: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return await promisify(zstdCompress)(bytes, { params });
}

/** @returns the file that a path leads to; null where a pipe or a device is, which nothing may replace */
async function placeOf(path: string): Promise<string | null> {
  const place = await realpath(path).catch(() => path);
  const stats = await stat(place).catch(() => null);
  if (stats?.isDirectory() === true) throw new Error("it is a directory");
  return stats === null || stats.isFile() ? place : null;
}

async function writeFrames(frames: readonly Buffer[], path: string, signal?: AbortSignal): Promise<void> {
  // Lines of configuration stand in it, some of files that not everybody may read.
  const file = await open(path, "w", 0o600);
  try {
    for (const frame of frames) {
      signal?.throwIfAborted();
      await file.writeFile(frame);
    }
  } finally {
    await file.close();
  }
}

/** @throws UsageError when the file cannot be read or is no snapshot */
export async function loadSnapshot(path: string): Promise<Snapshot> {
  try {
    return await unpack(await readFile(path));
  } catch (error) {
    throw new UsageError(`Cannot read the snapshot ${path}: ${messageOf(error)}.`, {
      code: "no-snapshot",
      next: "Make one with `residue snapshot --output FILE`.",
      cause: error,
    });
  }
}

async function unpack(file: Buffer): Promise<Snapshot> {
  // Unpacks the first frame, and takes no notice of what follows it.
  const first = await unpackFrame(file, noSnapshot);
  const found = Number(anyMagic.exec(first.toString("latin1", 0, 2 * magic.length))?.[1]);
  if (Number.isNaN(found)) throw new Error(noSnapshot);
  if (found > format) throw new Error(`a newer version wrote it, in format ${found}; this one reads up to ${format}`);
  if (found < format) throw new Error(`an older version wrote it, in format ${found}; this one reads ${format} only`);
  const header = JSON.parse(first.toString("utf8", magic.length)) as Header;
  if (header.littleEndian !== littleEndian) throw new Error("it was taken on a machine with another byte order");
  // Counted from the end: of a file that is cut short no frame begins where it should.
  let start = file.length - header.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  const places = header.segments.map(({ words, bytes }) => {
    const place = { words, frame: file.subarray(start, start + bytes) };
    start += bytes;
    return place;
  });
  const segments = await inLanes(places, unpackSegment);
  // One that was written before there were listed surfaces lacks them, which the report says of each.
  return { ...header.snapshot, listed: header.snapshot.listed ?? {}, files: indexTree(segments), live: false };
}

/**
 * @param noFrame what it means that no frame begins where one should
 * @throws what is wrong with the file, in words
 */
async function unpackFrame(
  frame: Buffer,
  noFrame: string,
  options: { maxOutputLength?: number } = {},
): Promise<Buffer> {
  if (frame.length === 0) throw new Error("it is empty, or cut short");
  // RFC 8878, 3.1.1: what every frame begins with.
  if (!frame.subarray(0, frameMagic.length).equals(frameMagic.subarray(0, frame.length))) throw new Error(noFrame);
  try {
    return await promisify(zstdDecompress)(frame, options);
  } catch (error) {
    // Node's words for it; anything else is a checksum that is wrong, or a frame that makes no sense.
    const isCut = messageOf(error).includes("unexpected end of file");
    throw new Error(isCut ? cutShort : "it is damaged", { cause: error });
  }
}
const frameMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const noSnapshot = "it is not a snapshot";
const cutShort = "it is cut short";

async function unpackSegment({ words: used, frame }: { words: number; frame: Buffer }): Promise<Segment> {
  const bytes = await unpackFrame(frame, cutShort, { maxOutputLength: Math.max(1, used * 4) });
  if (bytes.length !== used * 4) throw new Error(cutShort);
  // Words begin at whole words of memory.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  return { words: new Int32Array(aligned.buffer, aligned.byteOffset, used), used };
}

async function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += lanes) {
    results.push(...(await Promise.all(items.slice(start, start + lanes).map(work))));
  }
  return results;
}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
