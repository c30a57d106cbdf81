import type Koffi from "koffi";

/**
 * The system calls that Node lacks or wraps too dearly, through koffi. Addresses are plain numbers: a user-space
 * address has fewer than 53 bits, and a number costs a third of what a buffer costs on its way through the FFI.
 * All but `errno` return -1 for an error.
 */
export interface NativeCalls {
  /** open(2) and openat(2); `path` is the address of a zero-terminated string. */
  open(path: number, flags: number): number;
  openat(directory: number, path: number, flags: number): number;
  close(descriptor: number): number;
  /** getdents64(2) */
  getdents64(directory: number, buffer: number, bytes: number): number;
  /** statx(2) */
  statx(directory: number, path: number, flags: number, mask: number, buffer: number): number;
  /** open_tree(2): of the mount at a path a copy that is mounted nowhere, so that nothing covers its directories. */
  cloneMount(path: number): number;
  llistxattr(path: number, buffer: number, bytes: number): number;
  lgetxattr(path: number, name: number, buffer: number, bytes: number): number;
  fchdir(directory: number): number;
  unshare(flags: number): number;
  /** Of this thread's last call that failed. */
  errno(): number;
  /** The address of a view's first byte; the view must stay alive as long as the address is used. */
  addressOf(view: Uint8Array): number;
}

const architectures = ["x64", "arm64", "riscv64", "loong64"];

/** @returns null where koffi has no binary or the C library is not glibc; the portable reader serves there. */
export async function loadNativeCalls(): Promise<NativeCalls | null> {
  if (process.platform !== "linux" || !architectures.includes(process.arch)) return null;
  try {
    const koffi = (await import("koffi")).default;
    return bind(koffi, koffi.load("libc.so.6"));
  } catch {
    // No binary for this platform, another C library, or a glibc older than 2.30 (getdents64).
    return null;
  }
}

const openTreeNumber = 428;
const openTreeClone = 1;

function bind(koffi: typeof Koffi, libc: ReturnType<typeof Koffi.load>): NativeCalls {
  const syscall = libc.func("int64_t syscall(int64_t number, int64_t directory, uintptr_t path, int64_t flags)");
  return {
    open: libc.func("int open(uintptr_t path, int flags)"),
    openat: libc.func("int openat(int directory, uintptr_t path, int flags)"),
    close: libc.func("int close(int descriptor)"),
    getdents64: libc.func("int64_t getdents64(int directory, uintptr_t buffer, size_t bytes)"),
    statx: libc.func("int statx(int directory, uintptr_t path, int flags, unsigned int mask, uintptr_t buffer)"),
    // glibc has a name for it from 2.36 on.
    cloneMount: (path) => Number(syscall(openTreeNumber, -100, path, openTreeClone | 0o2000000)),
    llistxattr: libc.func("int64_t llistxattr(uintptr_t path, uintptr_t list, size_t bytes)"),
    lgetxattr: libc.func("int64_t lgetxattr(uintptr_t path, uintptr_t name, uintptr_t value, size_t bytes)"),
    fchdir: libc.func("int fchdir(int directory)"),
    unshare: libc.func("int unshare(int flags)"),
    errno: () => koffi.errno(),
    addressOf: (view) => Number(koffi.address(view)),
  };
}
