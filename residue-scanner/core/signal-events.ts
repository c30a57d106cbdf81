import { signals } from "./kernel-constants.ts";

/** The kernel's event: it names each process that a signal was sent to, whichever call sent it and to whomever. */
export const signalEvent = "signal/signal_generate";
/** What such an event is as a call: kill(2) is one of several by which it can have been sent. */
export const signalCall = "kill";

/** Real-time signals that programs may use (signal(7)): threads are told by the two before. */
const realTime = { first: 34, last: 64 } as const;
/**
 * By a timer, and by tgkill(2): of sigaction(2). What the kernel makes itself of a fault, a filter of calls, a terminal or
 * setitimer(2) has a code above 0; with rt_sigqueueinfo(2) whoever sends chooses one that is not.
 */
const codes = { timer: -2, thread: -6 } as const;
/** They come of timers many times a second, a profiler's among them, and of one that runs on while anybody does. */
const ofTimers: readonly number[] = [signals.SIGALRM, signals.SIGVTALRM, signals.SIGPROF];

const numbers = Object.values(signals);
const none = (of: readonly number[]): string => of.map((number) => ` && sig != ${number}`).join("");
const first = Math.min(...numbers);
const last = Math.max(...numbers);
const untraced = Array.from({ length: last }, (_, index) => index + 1).filter(
  (number) => !numbers.some((each) => each === number),
);

/** Runtimes speak to their own threads by real-time signals, all the time. */
export const signalFilter = [
  `(code <= 0 && code != ${codes.timer} && sig >= ${first} && sig <= ${last}${none(untraced)})`,
  `(code == ${codes.timer} && sig >= ${first} && sig <= ${last}${none([...untraced, ...ofTimers])})`,
  `(code <= 0 && code != ${codes.timer} && code != ${codes.thread} && sig >= ${realTime.first})`,
].join(" || ");

/** @returns null for a signal that is not traced */
export function signalWord(number: number): string | null {
  if (number >= realTime.first && number <= realTime.last) return `SIGRTMIN+${number - realTime.first}`;
  return Object.entries(signals).find(([, value]) => value === number)?.[0] ?? null;
}
