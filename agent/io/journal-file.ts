import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** Lines on the disk: appended whole and synced before the call returns; a line torn by a crash never existed. */
export class JournalFile {
  readonly #path: string;
  #file: number;
  /** How long the file is, if nobody else has written to it. */
  #bytes = 0;

  /** Opens the file, made with mode 0600 if it is not there, and cuts off a last line without its end. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openForAppend(path);
  }

  /** The complete lines, oldest first. */
  read(): string[] {
    const bytes = readFileSync(this.#path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) {
      ftruncateSync(this.#file, end);
      fdatasyncSync(this.#file);
    }
    this.#bytes = end;
    return bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
  }

  append(line: string): void {
    this.#bytes += writeWhole(this.#file, `${line}\n`);
    fdatasyncSync(this.#file);
  }

  /** Whether the file is still there under its name, and as long as it was written; looked at now. */
  condition(): "whole" | "changed" | "gone" {
    const own = fstatSync(this.#file, { bigint: true });
    const named = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (named?.ino !== own.ino || named.dev !== own.dev) return "gone";
    return own.size === BigInt(this.#bytes) ? "whole" : "changed";
  }

  /** Puts these lines in place of all, in one step: a crash leaves the old or the new ones. */
  replace(lines: readonly string[]): void {
    const next = `${this.#path}.new`;
    const file = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    this.#bytes = writeWhole(file, lines.map((line) => `${line}\n`).join(""));
    fsyncSync(file);
    closeSync(file);
    renameSync(next, this.#path);
    syncDirectory(dirname(this.#path));
    closeSync(this.#file);
    this.#file = openForAppend(this.#path);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Makes the names in a directory as durable as the files. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function openForAppend(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
}

/** @returns how many bytes the text has */
function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  return bytes.length;
}
