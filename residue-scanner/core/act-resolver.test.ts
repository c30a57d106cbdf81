import { describe, expect, test } from "vitest";

import { ActResolver, type ProcessFinder } from "./act-resolver.ts";
import type { RawAct } from "./call-pairing.ts";

const act = (thread: number, atNs: number): RawAct => ({ thread, call: "mount", parameters: {}, returned: 0, atNs });

/** Processes by pid, serial and when they began. */
function finder(processes: readonly (readonly [pid: number, serial: number, beganNs: number])[]): ProcessFinder {
  return {
    holderAt: (pid, atNs) => {
      const held = processes.filter((one) => one[0] === pid && one[2] <= atNs).at(-1);
      return held === undefined ? null : { serial: held[1], beganNs: held[2] };
    },
    wallMs: (atNs) => atNs / 1e6 + 5000,
  };
}

describe("whose call it was", () => {
  test("that of the process whose first thread made it, at that time", () => {
    const resolver = new ActResolver(
      finder([
        [7, 1, 0],
        [7, 2, 50],
      ]),
    );
    const acts = resolver.resolve({ acts: [act(7, 60e6), act(7, 40)], threads: [] });
    expect(acts.map(({ by, atMs }) => [by, atMs])).toEqual([
      [1, 5000.00004],
      [2, 5060],
    ]);
  });

  test("that of the process that made the thread, through threads of threads", () => {
    const resolver = new ActResolver(finder([[7, 1, 0]]));
    resolver.wasThere(8, 7);
    const threads = [
      { thread: 9, made: 10, atNs: 20 },
      { thread: 8, made: 9, atNs: 10 },
    ];
    expect(resolver.resolve({ acts: [act(10, 30), act(8, 1)], threads }).map(({ by }) => by)).toEqual([1, 1]);
  });

  test("not that of a thread that had the id before", () => {
    const resolver = new ActResolver(
      finder([
        [7, 1, 0],
        [8, 2, 50],
      ]),
    );
    resolver.resolve({ acts: [], threads: [{ thread: 7, made: 8, atNs: 10 }] });
    expect(resolver.resolve({ acts: [act(8, 40), act(8, 60)], threads: [] }).map(({ by }) => by)).toEqual([1, 2]);
    // What that process made is its own, too.
    const threads = [{ thread: 8, made: 9, atNs: 70 }];
    expect(resolver.resolve({ acts: [act(9, 80)], threads }).map(({ by }) => by)).toEqual([2]);
  });

  test("nobody's where nobody is known, and counted", () => {
    const resolver = new ActResolver(finder([]));
    expect(resolver.resolve({ acts: [act(8, 1)], threads: [] })).toEqual([]);
    expect(resolver.unresolved).toBe(1);
  });
});
