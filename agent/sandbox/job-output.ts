import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { messageOf, systemCode } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import { progressFileName, resultFileName } from "./workspace.ts";

/** What a job left as its result. */
export interface JobResult {
  /** Null when there is none, or none that can be handed in. */
  readonly text: string | null;
  /** Why there is none although the job left something, as a sentence; null when all is well. */
  readonly problem: string | null;
}

const progressBytesMax = 64;

/**
 * What the job says of its progress, which may be anything at any moment: it writes while it is read.
 *
 * @param last what it said before, which stands while there is nothing better
 */
export function readProgress(workspace: string, last = 0): number {
  const read = readBounded(join(workspace, progressFileName), progressBytesMax);
  const text = read.bytes?.toString("latin1").trim() ?? "";
  if (!/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return last;
  const progress = Number(text);
  return Number.isFinite(progress) ? progress : last;
}

/** The job's result as text; never follows a symlink, nor waits for whoever might write into a FIFO. */
export function readResult(workspace: string): JobResult {
  const { bytes, problem } = readBounded(join(workspace, resultFileName), limits.resultBytesMax);
  if (bytes === null)
    return { text: null, problem: problem === null ? null : `The job's result was not read: ${problem}.` };
  return { text: bytes.toString("utf8"), problem: null };
}

function readBounded(path: string, bytesMax: number): { bytes: Buffer | null; problem: string | null } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { bytes: null, problem: null };
    const problem = systemCode(error) === "ELOOP" ? "it is a symbolic link" : messageOf(error);
    return { bytes: null, problem };
  }
  try {
    if (!fstatSync(file).isFile()) return { bytes: null, problem: "it is not a regular file" };
    const buffer = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, length);
    }
    if (length > bytesMax) return { bytes: null, problem: `it is larger than ${bytesMax} bytes` };
    return { bytes: buffer.subarray(0, length), problem: null };
  } catch (error) {
    return { bytes: null, problem: messageOf(error) };
  } finally {
    closeSync(file);
  }
}
