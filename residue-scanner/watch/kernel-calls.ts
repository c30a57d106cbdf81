import type Koffi from "koffi";

/**
 * The system calls of the recorder, through koffi, with addresses as plain numbers (as in collectors/files/native-calls).
 * All return -1 for an error.
 */
export interface KernelCalls {
  fanotifyInit(flags: number, eventFlags: number): number;
  fanotifyMark(group: number, flags: number, mask: number, directory: number, path: number): number;
  nameToHandleAt(directory: number, path: number, handle: number, mountId: number, flags: number): number;
  openByHandleAt(mount: number, handle: number, flags: number): number;
  statfs(path: number, buffer: number): number;
  open(path: number, flags: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(socket: number, address: number, bytes: number): number;
  setsockopt(socket: number, level: number, option: number, value: number, bytes: number): number;
  getsockopt(socket: number, level: number, option: number, value: number, bytes: number): number;
  send(socket: number, bytes: number, length: number, flags: number): number;
  recvmmsg(socket: number, messages: number, count: number, flags: number, timeout: number): number;
  poll(descriptors: number, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  ioctl(descriptor: number, request: number, argument: number): number;
  read(descriptor: number, buffer: number, bytes: number): number;
  close(descriptor: number): number;
  /** Of what the C library has no function for. */
  syscall(call: number, first: number, second: number, third: number, fourth: number): number;
  /** Of this thread's last call that failed. */
  errno(): number;
  /** The address of a view's first byte; the view must stay alive as long as the address is used. */
  addressOf(view: ArrayBufferView): number;
}

/** Whose structures and call numbers this code knows: 64 bits, low byte first. */
const architectures = ["x64", "arm64", "riscv64", "loong64"];

/** @returns null where koffi has no binary or the C library is not glibc */
export async function loadKernelCalls(): Promise<KernelCalls | null> {
  if (process.platform !== "linux" || !architectures.includes(process.arch)) return null;
  try {
    const koffi = (await import("koffi")).default;
    return bindAll(koffi, koffi.load("libc.so.6"));
  } catch {
    return null;
  }
}

function bindAll(koffi: typeof Koffi, libc: ReturnType<typeof Koffi.load>): KernelCalls {
  return {
    fanotifyInit: libc.func("int fanotify_init(unsigned int flags, unsigned int eventFlags)"),
    fanotifyMark: libc.func(
      "int fanotify_mark(int group, unsigned int flags, uint64_t mask, int directory, uintptr_t path)",
    ),
    nameToHandleAt: libc.func(
      "int name_to_handle_at(int directory, uintptr_t path, uintptr_t handle, uintptr_t mountId, int flags)",
    ),
    openByHandleAt: libc.func("int open_by_handle_at(int mount, uintptr_t handle, int flags)"),
    statfs: libc.func("int statfs(uintptr_t path, uintptr_t buffer)"),
    open: libc.func("int open(uintptr_t path, int flags)"),
    socket: libc.func("int socket(int domain, int type, int protocol)"),
    bind: libc.func("int bind(int socket, uintptr_t address, unsigned int bytes)"),
    setsockopt: libc.func("int setsockopt(int socket, int level, int option, uintptr_t value, unsigned int bytes)"),
    getsockopt: libc.func("int getsockopt(int socket, int level, int option, uintptr_t value, uintptr_t bytes)"),
    send: libc.func("int64_t send(int socket, uintptr_t bytes, size_t length, int flags)"),
    recvmmsg: libc.func(
      "int recvmmsg(int socket, uintptr_t messages, unsigned int count, int flags, uintptr_t timeout)",
    ),
    poll: libc.func("int poll(uintptr_t descriptors, unsigned long count, int timeoutMs)"),
    eventfd: libc.func("int eventfd(unsigned int initial, int flags)"),
    ioctl: libc.func("int ioctl(int descriptor, unsigned long request, uintptr_t argument)"),
    read: libc.func("int64_t read(int descriptor, uintptr_t buffer, size_t bytes)"),
    close: libc.func("int close(int descriptor)"),
    syscall: libc.func(
      "int64_t syscall(int64_t call, uintptr_t first, uintptr_t second, uintptr_t third, uintptr_t fourth)",
    ),
    errno: () => koffi.errno(),
    addressOf: (view) => Number(koffi.address(view)),
  };
}
