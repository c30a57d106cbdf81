import { existsSync } from "node:fs";
import { getSystemErrorName } from "node:util";

/** The kernel's tracing, as a directory. */
export interface Tracefs {
  /** Only this process can resolve it. */
  readonly path: string;
  close(): void;
}

/** The same numbers on every architecture that koffi has a binary for: fsopen(2), fsconfig(2), fsmount(2). */
const callNumbers = { fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
const closeOnExec = 1;
const create = 6;
const usualPlace = "/sys/kernel/tracing";
/** ENODEV and ENOSYS. */
const errnoNoDevice = 19;
const errnoNoCall = 38;
const noCalls = "tracefs is not mounted, and this platform has no native calls to mount it";

/**
 * Mounts tracefs on no place at all: a mount that hangs on a descriptor only is in nobody's table of mounts, and is gone
 * with the process however that ends. Where that cannot be had, it is taken from its usual place.
 *
 * @returns why not, in words, where neither is there
 */
export async function openTracefs(): Promise<Tracefs | { readonly refusal: string }> {
  const calls = await loadCalls();
  const mount = calls === null ? noCalls : detachedMount(calls);
  if (typeof mount === "number") return { path: `/proc/self/fd/${mount}`, close: () => void calls?.close(mount) };
  if (existsSync(`${usualPlace}/instances`)) return { path: usualPlace, close: () => undefined };
  return { refusal: mount };
}

/** @returns a descriptor, or why there is none */
function detachedMount(calls: Calls): number | string {
  const refused = (): string => {
    const errno = calls.errno();
    if (errno === errnoNoCall) return "tracefs is not mounted, and the kernel is too old to mount it apart (Linux 5.2)";
    if (errno === errnoNoDevice) return "tracefs is not there: this kernel was built without tracing";
    return `the kernel does not let this user see system calls (tracefs: ${getSystemErrorName(-errno)})`;
  };
  const context = calls.fsopen(callNumbers.fsopen, "tracefs", closeOnExec);
  if (context < 0) return refused();
  try {
    if (calls.call(callNumbers.fsconfig, context, create, 0, 0, 0) < 0) return refused();
    const mount = calls.call(callNumbers.fsmount, context, closeOnExec, 0, 0, 0);
    return mount < 0 ? refused() : mount;
  } finally {
    calls.close(context);
  }
}

interface Calls {
  fsopen(number: number, type: string, flags: number): number;
  call(number: number, first: number, second: number, third: number, fourth: number, fifth: number): number;
  /** Node's own close(2) warns, in a worker, of descriptors that it did not open. */
  close(descriptor: number): number;
  errno(): number;
}

/** All return -1 for an error; null where koffi has no binary or the C library is not glibc. */
async function loadCalls(): Promise<Calls | null> {
  if (process.platform !== "linux") return null;
  try {
    const koffi = (await import("koffi")).default;
    const libc = koffi.load("libc.so.6");
    return {
      fsopen: libc.func("int64_t syscall(int64_t number, const char *type, int64_t flags)"),
      call: libc.func("syscall", "int64_t", ["int64_t", "int64_t", "int64_t", "int64_t", "int64_t", "int64_t"]),
      close: libc.func("int close(int descriptor)"),
      errno: () => koffi.errno(),
    };
  } catch {
    return null;
  }
}
