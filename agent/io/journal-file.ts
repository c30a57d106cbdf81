import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

import { systemCode } from "../../foundation/errors.ts";

/** At least so many bytes behind the last line are the file's own; when they are fewer, it grows to the larger number. */
const reserveBytesMin = 16 * 1024;
const reserveBytesMax = 32 * 1024;
const padding = 0x00;
const lineBreak = 0x0a;

/**
 * Lines on the disk: written whole and synced before the call returns; a line torn by a crash never existed.
 *
 * Behind the last line lie zeros that are taken from the disk beforehand, and the next lines are written over them. So
 * a disk that is full, whoever filled it, does not keep the agent from writing down that it pauses or leaves. (A file
 * system that copies on write, like btrfs, gives no such promise.)
 */
export class JournalFile {
  readonly #path: string;
  #file: number;
  /** Where the next line begins, and where the padding ends. */
  #end = 0;
  #size = 0;
  #isShort = false;

  /** Opens the file, made with mode 0600 if it is not there, and cuts off a last line without its end. */
  constructor(path: string) {
    this.#path = path;
    this.#file = open(path);
    this.#measure();
  }

  /** Whether the disk would not give what is reserved; asking tries again. */
  get isShort(): boolean {
    if (this.#isShort) this.#reserve();
    return this.#isShort;
  }

  /** Takes the reserve now. */
  reserve(): void {
    this.#reserve();
  }

  /** The complete lines, oldest first. */
  read(): string[] {
    return this.#measure();
  }

  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#size - this.#end - bytes.length < reserveBytesMin) this.#reserve(bytes.length);
    writeWhole(this.#file, bytes, this.#end);
    fdatasyncSync(this.#file);
    this.#end += bytes.length;
    this.#size = Math.max(this.#size, this.#end);
  }

  /** Whether the file is still there under its name, and as long as it was written; looked at now. */
  condition(): "whole" | "changed" | "gone" {
    const own = fstatSync(this.#file, { bigint: true });
    const named = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (named?.ino !== own.ino || named.dev !== own.dev) return "gone";
    return own.size === BigInt(this.#size) ? "whole" : "changed";
  }

  /**
   * Puts these lines in place of all, in one step: a crash leaves the old or the new ones.
   *
   * @returns false when the disk has no room for that; the old ones stay
   */
  replace(lines: readonly string[]): boolean {
    const next = `${this.#path}.new`;
    const file = openSync(next, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      writeWhole(file, Buffer.from(lines.map((line) => `${line}\n`).join("")), 0);
      fsyncSync(file);
      closeSync(file);
    } catch (error) {
      closeSync(file);
      rmSync(next, { force: true });
      if (isNoRoom(error)) return false;
      throw error;
    }
    renameSync(next, this.#path);
    syncDirectory(dirname(this.#path));
    closeSync(this.#file);
    this.#file = open(this.#path);
    this.#measure();
    this.#reserve();
    return true;
  }

  close(): void {
    closeSync(this.#file);
  }

  #measure(): string[] {
    const bytes = readFileSync(this.#path);
    const { content, isScattered } = contentOf(bytes);
    const lines = linesOf(content);
    if (isScattered && this.replace(lines)) return lines;
    this.#end = content.lastIndexOf(lineBreak) + 1;
    this.#size = bytes.length;
    const torn = bytes.subarray(this.#end);
    if (torn.some((byte) => byte !== padding)) {
      writeWhole(this.#file, Buffer.alloc(torn.length, padding), this.#end);
      fdatasyncSync(this.#file);
    }
    return lines;
  }

  /** Takes room for a line of so many bytes and what is kept free behind it, as far as the disk gives it. */
  #reserve(lineBytes = 0): void {
    const wanted = this.#end + lineBytes + reserveBytesMax;
    if (wanted <= this.#size) {
      this.#isShort = false;
      return;
    }
    try {
      writeWhole(this.#file, Buffer.alloc(wanted - this.#size, padding), this.#size);
      fdatasyncSync(this.#file);
      this.#isShort = false;
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#isShort = true;
    }
    this.#size = fstatSync(this.#file).size;
  }
}

/** Whether the disk, or this user's share of it, is full (write(2)). */
export function isNoRoom(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(systemCode(error) ?? "");
}

/**
 * What is not padding. The last line may be torn by a crash in any of its parts, so that zeros are within it, and is
 * left out then; more lines than that behind zeros were written by somebody else, and stay.
 */
function contentOf(bytes: Buffer): { content: Buffer; isScattered: boolean } {
  const zeros = bytes.indexOf(padding);
  if (zeros === -1) return { content: bytes, isScattered: false };
  const behind = Buffer.from(bytes.subarray(zeros).filter((byte) => byte !== padding));
  const isTornAlone = behind.indexOf(lineBreak) === behind.lastIndexOf(lineBreak);
  const before = bytes.subarray(0, zeros);
  return { content: isTornAlone ? before : Buffer.concat([before, behind]), isScattered: !isTornAlone };
}

/** Those that have an end. */
function linesOf(content: Buffer): string[] {
  return content.toString("utf8").split("\n").slice(0, -1);
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

function open(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
}

function writeWhole(file: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written);
  }
}
