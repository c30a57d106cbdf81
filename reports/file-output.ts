import { closeSync, fstatSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../foundation/errors.ts";
import type { SeriesOutput } from "./report-series.ts";
import { isReaderGone } from "./stream-output.ts";

const columnsDefault = 100;

export interface FileOutput extends SeriesOutput {
  /** Gives what could not be written, if anything. Called once. */
  close(): UsageError | null;
}

/**
 * A reporter's output over a file, which is emptied at once, so that nobody takes an earlier report for this one. A file
 * that fails (a full disk) ends the writing and nothing else, as a stream does (stream-output.ts).
 *
 * @param is what a user calls it, and the code of its errors
 * @throws UsageError of that code, when it cannot be opened
 */
export function fileOutput(path: string, is = { name: "report file", code: "report-file" }): FileOutput {
  const descriptor = openFile(path, is);
  let failure: unknown = null;
  let whole = "";
  const rewrite = (text: string) => {
    try {
      overwrite(descriptor, text);
      whole = text;
      // Nothing of what failed before is missing any more.
      failure = null;
    } catch (error) {
      failure = error;
      putBack(descriptor, whole);
    }
  };
  return {
    write(text) {
      if (failure !== null) return;
      try {
        writeFileSync(descriptor, text);
      } catch (error) {
        failure = error;
      }
    },
    // Of a pipe or a device nothing can be taken back.
    ...(fstatSync(descriptor).isFile() ? { rewrite } : {}),
    columns: columnsDefault,
    color: false,
    live: false,
    close() {
      closeSync(descriptor);
      return failure === null || isReaderGone(failure) ? null : notWritten(path, { is, cause: failure });
    },
  };
}

/** In place, and not beside and renamed: the file may be a link, another user's, or all that there is of its folder. */
function overwrite(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
  ftruncateSync(descriptor, bytes.length);
}

function putBack(descriptor: number, text: string): void {
  try {
    overwrite(descriptor, text);
  } catch {
    // The file is told to be incomplete already.
  }
}

function openFile(path: string, { name, code }: { readonly name: string; readonly code: string }): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw new UsageError(`The ${name} ${path} cannot be written: ${messageOf(error)}.`, {
      code,
      next: "Name a file in a folder that exists and that you may write to.",
      cause: error,
    });
  }
}

function notWritten(
  path: string,
  { is, cause }: { readonly is: { readonly name: string; readonly code: string }; readonly cause: unknown },
): UsageError {
  return new UsageError(`The ${is.name} ${path} could not be written: ${systemCode(cause) ?? messageOf(cause)}.`, {
    code: is.code,
    next: "Make room there, or name another file.",
    cause,
  });
}
