import { createRequire } from "node:module";

import type Koffi from "koffi";

/** The shortest slice that the kernel gives, in nanoseconds (sched_setattr(2): 0.1 to 100 ms). */
const sliceNs = 100_000n;
/** The number of sched_setattr(2), which not every C library has by name. */
const numbers: Partial<Record<NodeJS.Architecture, number>> = { x64: 314, arm64: 274, riscv64: 274, loong64: 274 };
/** `struct sched_attr` in its first form. */
const attributesBytes = 48;
const sliceAt = 24;
const flagsAt = 8;
const SCHED_OTHER = 0;
const SCHED_FLAG_RESET_ON_FORK = 1n;

/**
 * Asks for short turns on the processor for the calling thread. It gets no more of it, and gets it sooner: whoever wakes
 * and wants it for a moment only goes before those who run for long (Linux 6.12, EEVDF). For the agent's main thread that
 * is what a pause waits for where the processors are all busy: measured on two, with jobs in three slots and programs of
 * others beside them, a request reached it 7 ms late at the median and 44 ms at worst, and with this 2 and 11 ms.
 *
 * No privilege is needed, unlike for a lower niceness, which would take the host's time for checkpoints too. Neither
 * threads nor processes that it starts inherit it. Who was given another policy by the donor keeps that as it is.
 *
 * @returns whether the kernel was asked; before Linux 6.12 it takes note and does nothing
 */
export function takeShortTurns(): boolean {
  const number = numbers[process.arch];
  if (process.platform !== "linux" || number === undefined) return false;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const libc = koffi.load(null);
    const getAttributes = libc.func(
      "long syscall(long number, int thread, void *attributes, unsigned int size, unsigned int flags)",
    );
    const setAttributes = libc.func(
      "long syscall(long number, int thread, const void *attributes, unsigned int flags)",
    );
    const attributes = Buffer.alloc(attributesBytes);
    if (Number(getAttributes(number + 1, 0, attributes, attributesBytes, 0)) < 0) return false;
    if (attributes.readUInt32LE(4) !== SCHED_OTHER) return false;
    attributes.writeBigUInt64LE(attributes.readBigUInt64LE(flagsAt) | SCHED_FLAG_RESET_ON_FORK, flagsAt);
    attributes.writeBigUInt64LE(sliceNs, sliceAt);
    return Number(setAttributes(number, 0, attributes, 0)) >= 0;
  } catch {
    // No binary of koffi's for this platform: the agent gets its turns as any program does.
    return false;
  }
}
