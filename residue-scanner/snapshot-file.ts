import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

import { messageOf, UsageError } from "../foundation/errors.ts";
import { indexTree, type Segment } from "./core/packed-tree.ts";
import type { Snapshot } from "./core/snapshot.ts";

const format = 1;
const magic = `houseguest-snapshot-${format}\n`;
const anyMagic = /^houseguest-snapshot-(\d+)\n/;
const level = 3;

/** Everything but the files, and how long each of their segments is in words. */
interface Header {
  readonly snapshot: Omit<Snapshot, "files" | "live" | "listed"> & Partial<Pick<Snapshot, "listed">>;
  readonly segments: readonly number[];
  /** Words are in the byte order of the machine that wrote them. */
  readonly littleEndian: boolean;
}

/**
 * Writes a snapshot as one zstd frame with a checksum: a line that names the format, the length of a JSON header, header, segments.
 *
 * @throws UsageError `snapshot-file` when it cannot be written
 */
export async function saveSnapshot(snapshot: Snapshot, path: string): Promise<void> {
  const { files, live: _, ...rest } = snapshot;
  const header: Header = { snapshot: rest, segments: files.segments.map(({ used }) => used), littleEndian };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const segments = files.segments.map(({ words, used }) => Buffer.from(words.buffer, words.byteOffset, used * 4));
  const packed = await promisify(zstdCompress)(Buffer.concat([Buffer.from(magic), length, json, ...segments]), {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  try {
    // Lines of configuration stand in it, some of files that not everybody may read.
    await writeFile(path, packed, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`The snapshot ${path} cannot be written: ${messageOf(error)}.`, {
      code: "snapshot-file",
      next: "Name a file in a folder that exists, that you may write to, and that has room.",
      cause: error,
    });
  }
}

/** @throws UsageError when the file cannot be read or is no snapshot */
export async function loadSnapshot(path: string): Promise<Snapshot> {
  try {
    return unpack(await promisify(zstdDecompress)(await readFile(path)));
  } catch (error) {
    throw new UsageError(`Cannot read the snapshot ${path}: ${messageOf(error)}`, {
      code: "no-snapshot",
      next: "Make one with `residue snapshot --output FILE`.",
      cause: error,
    });
  }
}

function unpack(bytes: Buffer): Snapshot {
  const found = Number(anyMagic.exec(bytes.toString("latin1", 0, 2 * magic.length))?.[1]);
  if (Number.isNaN(found)) throw new Error("it is not a snapshot");
  if (found > format) throw new Error(`a newer version wrote it, in format ${found}; this one reads up to ${format}`);
  const headerStart = magic.length + 4;
  const headerEnd = headerStart + bytes.readUInt32LE(magic.length);
  const header = JSON.parse(bytes.toString("utf8", headerStart, headerEnd)) as Header;
  if (header.littleEndian !== littleEndian) throw new Error("it was taken on a machine with another byte order");
  const segments: Segment[] = [];
  let at = headerEnd;
  for (const used of header.segments) {
    const words = new Int32Array(used);
    const copied = bytes.copy(new Uint8Array(words.buffer), 0, at, at + used * 4);
    if (copied !== used * 4) throw new Error("it is cut short");
    segments.push({ words, used });
    at += used * 4;
  }
  // One that was written before there were listed surfaces lacks them, which the report says of each.
  return { ...header.snapshot, listed: header.snapshot.listed ?? {}, files: indexTree(segments), live: false };
}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
