import koffi from "koffi";

const libc = koffi.load("libc.so.6");
const utimensat = libc.func("int utimensat(int directory, const void *path, const void *times, int flags)");
const lsetxattr = libc.func(
  "int lsetxattr(const void *path, const char *name, const char *value, size_t bytes, int flags)",
);
const mkfifo = libc.func("int mkfifo(const void *path, unsigned int mode)");

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** Sets both times of a file, or of a symlink itself, to the nanosecond. */
export function setTime(path: Buffer, ns: bigint): void {
  const times = Buffer.alloc(32);
  for (const at of [0, 16]) {
    times.writeBigInt64LE(ns >= 0n ? ns / 1_000_000_000n : (ns - 999_999_999n) / 1_000_000_000n, at);
    times.writeBigInt64LE(((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n, at + 8);
  }
  const outcome: number = utimensat(AT_FDCWD, zeroTerminated(path), times, AT_SYMLINK_NOFOLLOW);
  if (outcome !== 0) throw new Error(`utimensat: errno ${koffi.errno()}`);
}

/** A FIFO of any name. */
export function makeFifo(path: Buffer): void {
  const outcome: number = mkfifo(zeroTerminated(path), 0o600);
  if (outcome !== 0) throw new Error(`mkfifo: errno ${koffi.errno()}`);
}

/** @returns false where this file system or this user may not have any */
export function setXattr(path: Buffer, name: string, value: string): boolean {
  return lsetxattr(zeroTerminated(path), name, value, Buffer.byteLength(value), 0) === 0;
}

function zeroTerminated(path: Buffer): Buffer {
  return Buffer.concat([path, Buffer.alloc(1)]);
}
