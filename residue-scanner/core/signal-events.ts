import { signals } from "./kernel-constants.ts";

/** The kernel's event: it names each process that a signal was sent to, whichever call sent it and to whomever. */
export const signalEvent = "signal/signal_generate";
/** What such an event is as a call: kill(2) is one of several by which it can have been sent. */
export const signalCall = "kill";

/** Real-time signals that programs may use (signal(7)): threads are told by the two before. */
const realTime = { first: 34, last: 64 } as const;
/** By kill(2), sigqueue(3), to whom mq_notify(3) asked for it, by tgkill(2): of sigaction(2), those that have a sender. */
const codes = { user: 0, queue: -1, messageQueue: -3, thread: -6 } as const;
/** What timers and the kernel send comes while somebody runs who has nothing to do with it. */
const isSent = (names: readonly (keyof typeof codes)[]): string =>
  `(${names.map((name) => `code == ${codes[name]}`).join(" || ")})`;

/** Runtimes speak to their own threads by real-time signals, all the time. */
export const signalFilter = [
  `(${isSent(["user", "queue", "messageQueue", "thread"])} && (${Object.values(signals)
    .map((number) => `sig == ${number}`)
    .join(" || ")}))`,
  `(${isSent(["user", "queue", "messageQueue"])} && sig >= ${realTime.first})`,
].join(" || ");

/** @returns null for a signal that is not traced */
export function signalWord(number: number): string | null {
  if (number >= realTime.first && number <= realTime.last) return `SIGRTMIN+${number - realTime.first}`;
  return Object.entries(signals).find(([, value]) => value === number)?.[0] ?? null;
}
