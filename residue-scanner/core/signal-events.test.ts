import { constants } from "node:os";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

import { signalFilter, signalWord } from "./signal-events.ts";

/** The kernel's filters mean what the same text means here: comparisons of numbers, `&&` and `||`. */
const isTraced: (sig: number, code: number) => unknown = runInNewContext(`(sig, code) => ${signalFilter}`);
/** Standard ones by their numbers: some have two names. */
const standard = Map.groupBy(
  Object.entries(constants.signals).filter(([, number]) => number < 32),
  ([, number]) => number,
);
const { SIGCHLD, SIGURG, SIGKILL, SIGALRM, SIGVTALRM, SIGPROF, SIGSEGV, SIGBUS, SIGTRAP, SIGSYS } = constants.signals;
/** sigaction(2) */
const [user, queue, timer, messageQueue, asyncIo, io, thread, lookup] = [0, -1, -2, -3, -4, -5, -6, -60] as const;

describe("which signals are traced", () => {
  it("all of signal(7) that somebody sends, but those that by default do nothing and come all the time", () => {
    expect(standard.size).toBe(31);
    for (const [number, named] of standard) {
      const isNoise = number === SIGCHLD || number === SIGURG;
      for (const code of [user, queue, thread]) expect([named, isTraced(number, code)]).toEqual([named, !isNoise]);
      if (!isNoise) expect(named.map(([name]) => name)).toContain(signalWord(number));
    }
    expect(isTraced(0, user)).toBe(false);
  });

  it("whatever number of its own the sender gives as the reason, which rt_sigqueueinfo(2) leaves to it", () => {
    for (const code of [user, queue, timer, messageQueue, asyncIo, io, thread, lookup])
      expect([code, isTraced(SIGKILL, code)]).toEqual([code, true]);
  });

  it("none that the kernel makes of faults, of a filter of calls, of a terminal or of a timer", () => {
    for (const code of [1, 2, 3, 0x80])
      for (const number of [SIGSEGV, SIGBUS, SIGTRAP, SIGSYS, SIGPROF, SIGVTALRM, SIGALRM, 34])
        expect([number, code, isTraced(number, code)]).toEqual([number, code, false]);
    for (const number of [SIGPROF, SIGVTALRM, SIGALRM, 34]) expect(isTraced(number, timer)).toBe(false);
  });

  it("real-time ones, but not those by which runtimes and the C library speak to threads", () => {
    for (const code of [user, queue, messageQueue, asyncIo, io, lookup])
      for (const number of [34, 64]) expect([code, isTraced(number, code)]).toEqual([code, true]);
    expect([isTraced(34, thread), isTraced(32, user), isTraced(33, queue)]).toEqual([false, false, false]);
    expect([signalWord(34), signalWord(64), signalWord(33)]).toEqual(["SIGRTMIN+0", "SIGRTMIN+30", null]);
  });
});
