import type { NativeCalls } from "./native-calls.ts";

/** xattr(7): neither a list of names nor a value is longer. */
const xattrBytesMax = 64 * 1024;
const headerBytes = 6;

/**
 * Extended attributes of one file after the other: access control lists, capabilities, labels, user attributes.
 * Packed as: length of the name (2 bytes), of the value (4 bytes), name, value; little-endian; in the file's own order.
 */
export class XattrReader {
  /** What `read` found, valid until its next call; `bytes` of it are in use. */
  packed = Buffer.alloc(4096);
  bytes = 0;
  readonly #calls: NativeCalls;
  readonly #names = Buffer.alloc(xattrBytesMax);
  readonly #namesAt: number;
  readonly #value = Buffer.alloc(xattrBytesMax);
  readonly #valueAt: number;

  constructor(calls: NativeCalls) {
    this.#calls = calls;
    this.#namesAt = calls.addressOf(this.#names);
    this.#valueAt = calls.addressOf(this.#value);
  }

  /** @param path the address of a zero-terminated path; a file system without such attributes has none */
  read(path: number): void {
    this.bytes = 0;
    const listed = this.#calls.llistxattr(path, this.#namesAt, xattrBytesMax);
    if (listed <= 0) return;
    for (let start = 0; start < listed; ) {
      const end = this.#names.indexOf(0, start);
      // A value that this user may not read (security.*, trusted.*) counts with its name alone.
      const length = Math.max(0, this.#calls.lgetxattr(path, this.#namesAt + start, this.#valueAt, xattrBytesMax));
      this.#append(start, end, length);
      start = end + 1;
    }
  }

  #append(nameStart: number, nameEnd: number, valueBytes: number): void {
    const needed = this.bytes + headerBytes + (nameEnd - nameStart) + valueBytes;
    if (needed > this.packed.length) this.packed = Buffer.concat([this.packed], needed * 2);
    let at = this.packed.writeUInt16LE(nameEnd - nameStart, this.bytes);
    at = this.packed.writeUInt32LE(valueBytes, at);
    at += this.#names.copy(this.packed, at, nameStart, nameEnd);
    this.#value.copy(this.packed, at, 0, valueBytes);
    this.bytes = needed;
  }
}
