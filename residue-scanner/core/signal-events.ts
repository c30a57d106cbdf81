import { signals } from "./kernel-constants.ts";

/** The kernel's event: it names each process that a signal was sent to, whichever call sent it and to whomever. */
export const signalEvent = "signal/signal_generate";
/** What such an event is as a call: kill(2) is one of several by which it can have been sent. */
export const signalCall = "kill";

/** Of `siginfo_t`, what a program sends has no positive code (sigaction(2)); the kernel's own signals say nothing of others. */
export const signalFilter = `code <= 0 && (${Object.values(signals)
  .map((number) => `sig == ${number}`)
  .join(" || ")})`;

/** @returns null for a signal that is not traced */
export function signalWord(number: number): string | null {
  return Object.entries(signals).find(([, value]) => value === number)?.[0] ?? null;
}
