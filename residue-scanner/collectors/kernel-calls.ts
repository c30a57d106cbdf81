import { createRequire } from "node:module";

import type Koffi from "koffi";

/**
 * The system calls of the collectors that are not of files, through koffi. Addresses are plain numbers; all but `errno`
 * return -1 for an error.
 */
export interface KernelCalls {
  socket(family: number, type: number, protocol: number): number;
  send(socket: number, buffer: number, bytes: number, flags: number): number;
  recv(socket: number, buffer: number, bytes: number, flags: number): number;
  /** getsockopt(2); `bytes` is the address of an int. */
  getsockopt(socket: number, level: number, option: number, buffer: number, bytes: number): number;
  setsockopt(socket: number, level: number, option: number, value: number, bytes: number): number;
  setns(descriptor: number, kind: number): number;
  /** unshare(2), of this thread alone. */
  unshare(kinds: number): number;
  /** setfsuid(2), of this thread alone. @returns who it was before */
  setfsuid(uid: number): number;
  /** adjtimex(2) */
  adjtimex(time: number): number;
  /** getxattr(2), which follows links. */
  getxattr(path: number, name: number, buffer: number, bytes: number): number;
  /** openat(2) */
  openat(directory: number, path: number, flags: number): number;
  read(descriptor: number, buffer: number, bytes: number): number;
  /** readlinkat(2) */
  readlinkat(directory: number, path: number, buffer: number, bytes: number): number;
  /** open_tree(2) */
  openTree(directory: number, path: number, flags: number): number;
  /** fsopen(2), fsconfig(2) and fsmount(2) */
  fsopen(name: number, flags: number): number;
  fsconfig(context: number, command: number, key: number, value: number, more: number): number;
  fsmount(context: number, flags: number, attributes: number): number;
  /** ioprio_get(2) */
  ioprioGet(which: number, who: number): number;
  /** getpriority(2) as the kernel has it: 20 less the niceness. */
  getPriority(which: number, who: number): number;
  schedGetScheduler(thread: number): number;
  /** sched_getaffinity(2). @returns how many bytes were written */
  schedGetAffinity(thread: number, bytes: number, mask: number): number;
  /** bpf(2) */
  bpf(command: number, attributes: number, bytes: number): number;
  close(descriptor: number): number;
  /** malloc_trim(3): gives back to the kernel what threads left that have ended. */
  trim(keptBytes: number): number;
  /** Of this thread's last call that failed. */
  errno(): number;
  /** The address of a view's first byte; the view must stay alive as long as the address is used. */
  addressOf(view: Uint8Array): number;
}

/** asm/unistd_64.h and asm-generic/unistd.h: arm64, riscv64 and loong64 share the latter's. */
const numbers = {
  ...({ openTree: 428, fsopen: 430, fsconfig: 431, fsmount: 432 } as const),
  bpf: { x64: 321, generic: 280 },
  ioprioGet: { x64: 252, generic: 31 },
  getPriority: { x64: 140, generic: 141 },
  schedGetScheduler: { x64: 145, generic: 120 },
  schedGetAffinity: { x64: 204, generic: 123 },
} as const;
const architectures = ["x64", "arm64", "riscv64", "loong64"];

let loaded: KernelCalls | null | undefined;

/** @returns null where koffi has no binary or the C library is not glibc; the tables of /proc serve there. */
export function kernelCalls(): KernelCalls | null {
  loaded ??= load();
  return loaded;
}

function load(): KernelCalls | null {
  if (process.platform !== "linux" || !architectures.includes(process.arch)) return null;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    return bind(koffi, koffi.load("libc.so.6"));
  } catch {
    // No binary for this platform, or another C library.
    return null;
  }
}

function bind(koffi: typeof Koffi, libc: ReturnType<typeof Koffi.load>): KernelCalls {
  const callOfTree = libc.func("int64_t syscall(int64_t number, int directory, uintptr_t path, unsigned int flags)");
  const callOfBpf = libc.func("int64_t syscall(int64_t number, int command, uintptr_t attributes, unsigned int bytes)");
  const callOfOpening = libc.func("int64_t syscall(int64_t number, uintptr_t name, unsigned int flags)");
  const callOfMaking = libc.func(
    "int64_t syscall(int64_t number, int context, unsigned int command, uintptr_t key, uintptr_t value, int more)",
  );
  const callOfMounting = libc.func(
    "int64_t syscall(int64_t number, int context, unsigned int flags, unsigned int attributes)",
  );
  const callOfPriority = libc.func("int64_t syscall(int64_t number, int which, int who)");
  const callOfThread = libc.func("int64_t syscall(int64_t number, int thread)");
  const callOfAffinity = libc.func("int64_t syscall(int64_t number, int thread, unsigned int bytes, uintptr_t mask)");
  const table = process.arch === "x64" ? "x64" : "generic";
  return {
    socket: libc.func("int socket(int family, int type, int protocol)"),
    send: libc.func("int64_t send(int socket, uintptr_t buffer, size_t bytes, int flags)"),
    recv: libc.func("int64_t recv(int socket, uintptr_t buffer, size_t bytes, int flags)"),
    getsockopt: libc.func("int getsockopt(int socket, int level, int option, uintptr_t buffer, uintptr_t bytes)"),
    setsockopt: libc.func("int setsockopt(int socket, int level, int option, uintptr_t value, unsigned int bytes)"),
    setns: libc.func("int setns(int descriptor, int kind)"),
    unshare: libc.func("int unshare(int kinds)"),
    setfsuid: libc.func("int setfsuid(unsigned int uid)"),
    adjtimex: libc.func("int adjtimex(uintptr_t time)"),
    getxattr: libc.func("int64_t getxattr(uintptr_t path, uintptr_t name, uintptr_t value, size_t bytes)"),
    openat: libc.func("int openat(int directory, uintptr_t path, int flags)"),
    readlinkat: libc.func("int64_t readlinkat(int directory, uintptr_t path, uintptr_t buffer, size_t bytes)"),
    read: libc.func("int64_t read(int descriptor, uintptr_t buffer, size_t bytes)"),
    openTree: (directory, path, flags) => Number(callOfTree(numbers.openTree, directory, path, flags)),
    fsopen: (name, flags) => Number(callOfOpening(numbers.fsopen, name, flags)),
    fsconfig: (...words) => Number(callOfMaking(numbers.fsconfig, ...words)),
    fsmount: (...words) => Number(callOfMounting(numbers.fsmount, ...words)),
    ioprioGet: (which, who) => Number(callOfPriority(numbers.ioprioGet[table], which, who)),
    getPriority: (which, who) => Number(callOfPriority(numbers.getPriority[table], which, who)),
    schedGetScheduler: (thread) => Number(callOfThread(numbers.schedGetScheduler[table], thread)),
    schedGetAffinity: (...words) => Number(callOfAffinity(numbers.schedGetAffinity[table], ...words)),
    bpf: (command, attributes, bytes) => Number(callOfBpf(numbers.bpf[table], command, attributes, bytes)),
    close: libc.func("int close(int descriptor)"),
    trim: libc.func("int malloc_trim(size_t keptBytes)"),
    errno: () => koffi.errno(),
    addressOf: (view) => Number(koffi.address(view)),
  };
}
