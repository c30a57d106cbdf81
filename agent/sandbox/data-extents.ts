import { read } from "node:fs";
import { promisify } from "node:util";

import { systemCode } from "../../foundation/errors.ts";
import type { NativeFiles } from "./native-files.ts";
import type { Extent } from "./sparse-map.ts";

/** What is a hole and what is data is decided in such blocks, on every file system alike. */
const blockBytes = 4_096;
const chunkBytes = 64 * blockBytes;
const zeros = Buffer.alloc(chunkBytes);
const readAsync = promisify(read);

/**
 * Where the bytes of a file are that are not zero, in whole blocks. It follows from the content alone, so that it is
 * the same wherever the file lies and however it was written: which blocks a file system has allocated is its own
 * affair, and says only what need not be read.
 */
export async function dataExtents({
  file,
  size,
  native,
}: {
  readonly file: number;
  readonly size: number;
  readonly native: NativeFiles | null;
}): Promise<Extent[]> {
  const extents: Extent[] = [];
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(1, size)));
  for (let position = 0; position < size; ) {
    const data = allocated({ file, native, from: position, size });
    if (data === null) break;
    position = Math.max(position, data.offset - (data.offset % blockBytes));
    const end = Math.min(size, data.offset + data.bytes);
    while (position < end) {
      const { bytesRead } = await readAsync(file, buffer, 0, Math.min(buffer.length, size - position), position);
      // It has become shorter meanwhile, which the caller looks for.
      if (bytesRead === 0) return extents;
      addExtents(extents, buffer.subarray(0, bytesRead), position);
      // A short reading ends within a block, which is then looked at whole.
      const whole = position + bytesRead >= size ? bytesRead : bytesRead - (bytesRead % blockBytes);
      position += whole === 0 ? bytesRead : whole;
    }
  }
  return extents;
}

/** The next run that the file system has allocated; all of the rest where it cannot say. */
function allocated({
  file,
  native,
  from,
  size,
}: {
  file: number;
  native: NativeFiles | null;
  from: number;
  size: number;
}): Extent | null {
  if (native === null) return { offset: from, bytes: size - from };
  try {
    const offset = native.nextData(file, from);
    return offset === null ? null : { offset, bytes: native.nextHole(file, offset) - offset };
  } catch (error) {
    if (systemCode(error) === "EINVAL") return { offset: from, bytes: size - from };
    throw error;
  }
}

function addExtents(extents: Extent[], chunk: Buffer, position: number): void {
  if (chunk.equals(zeros.subarray(0, chunk.length))) return;
  for (let at = 0; at < chunk.length; at += blockBytes) {
    const block = chunk.subarray(at, at + blockBytes);
    if (block.equals(zeros.subarray(0, block.length))) continue;
    const last = extents.at(-1);
    const offset = position + at;
    if (last !== undefined && last.offset + last.bytes >= offset) {
      extents[extents.length - 1] = { offset: last.offset, bytes: offset + block.length - last.offset };
    } else extents.push({ offset, bytes: block.length });
  }
}
