import type Koffi from "koffi";

/** What of a file system Node cannot say: where files have holes, and times to the nanosecond. */
export interface NativeFiles {
  /** lseek(2) SEEK_DATA: where the next data begin, or null when only a hole is left. */
  nextData(file: number, from: number): number | null;
  /** lseek(2) SEEK_HOLE: where the next hole begins; every file has one at its end. */
  nextHole(file: number, from: number): number;
  /** futimens(3), both times. */
  setTime(file: number, ns: bigint): void;
  /** utimensat(2), both times of a symlink itself. */
  setLinkTime(path: Buffer, ns: bigint): void;
}

const architectures = ["x64", "arm64", "riscv64", "loong64"];
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const ENXIO = 6;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const nsPerSecond = 1_000_000_000n;

let loaded: Promise<NativeFiles | null> | undefined;

/** @returns null where koffi has no binary or the C library is not glibc: times are cut to microseconds there */
export async function nativeFiles(): Promise<NativeFiles | null> {
  loaded ??= load();
  return await loaded;
}

async function load(): Promise<NativeFiles | null> {
  if (process.platform !== "linux" || !architectures.includes(process.arch)) return null;
  try {
    const koffi = (await import("koffi")).default;
    return bind(koffi, koffi.load("libc.so.6"));
  } catch {
    // No binary for this platform, or another C library.
    return null;
  }
}

function bind(koffi: typeof Koffi, libc: ReturnType<typeof Koffi.load>): NativeFiles {
  const lseek = libc.func("int64_t lseek(int file, int64_t offset, int whence)");
  const futimens = libc.func("int futimens(int file, const void *times)");
  const utimensat = libc.func("int utimensat(int directory, const void *path, const void *times, int flags)");
  const check = (call: string, outcome: number): number => {
    if (outcome >= 0) return outcome;
    const { name, code } = nameOf(koffi, koffi.errno());
    throw Object.assign(new Error(`${name}: ${call}`), { code, syscall: call });
  };
  return {
    nextData(file, from) {
      const at = Number(lseek(file, from, SEEK_DATA));
      return at < 0 && koffi.errno() === ENXIO ? null : check("lseek", at);
    },
    nextHole: (file, from) => check("lseek", Number(lseek(file, from, SEEK_HOLE))),
    setTime: (file, ns) => void check("futimens", futimens(file, twice(ns)) as number),
    setLinkTime(path, ns) {
      const terminated = Buffer.concat([path, Buffer.alloc(1)]);
      check("utimensat", utimensat(AT_FDCWD, terminated, twice(ns), AT_SYMLINK_NOFOLLOW) as number);
    },
  };
}

/** Two `struct timespec`, access and modification, whose nanoseconds count forwards also before 1970. */
function twice(ns: bigint): Buffer {
  const times = Buffer.alloc(32);
  const forwards = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  for (const at of [0, 16]) {
    times.writeBigInt64LE((ns - forwards) / nsPerSecond, at);
    times.writeBigInt64LE(forwards, at + 8);
  }
  return times;
}

function nameOf(koffi: typeof Koffi, errno: number): { name: string; code: string } {
  const code = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `E${errno}`;
  return { name: code, code };
}
