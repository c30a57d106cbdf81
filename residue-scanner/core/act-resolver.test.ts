import { describe, expect, test } from "vitest";

import { ActResolver, type ProcessFinder } from "./act-resolver.ts";
import type { Birth, RawAct } from "./call-pairing.ts";
import { namespaceFlags, threadFlag } from "./kernel-constants.ts";

const { CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWUTS } = namespaceFlags;
const privately = 0x44000;

const act = (thread: number, atNs: number, call = "swapon", flags = 0): RawAct => ({
  ...{ thread, call, returned: 0, atNs },
  parameters: { flags: `0x${flags.toString(16)}` },
});
const birth = (thread: number, made: number, atNs: number, flags = threadFlag): Birth => ({
  thread,
  made,
  flags,
  atNs,
});

/** Processes by pid, serial, when they began, and the serial of who forked them. */
type Process = readonly [pid: number, serial: number, beganNs: number, parent?: number];

function finder(processes: readonly Process[]): ProcessFinder {
  return {
    serialAt: (pid, atNs) => processes.findLast((one) => one[0] === pid && one[2] <= atNs)?.[1] ?? null,
    beganNs: (serial) => processes.find((one) => one[1] === serial)?.[2] ?? 0,
    parentOf: (serial) => processes.find((one) => one[1] === serial)?.[3] ?? null,
    wallMs: (atNs) => atNs / 1e6 + 5000,
  };
}

const resolverOf = (...processes: readonly Process[]): ActResolver => new ActResolver(finder(processes));

describe("whose call it was", () => {
  test("that of the process whose first thread made it, at that time", () => {
    const resolver = resolverOf([7, 1, 0], [7, 2, 50]);
    const acts = resolver.resolve({ acts: [act(7, 60e6), act(7, 40)], births: [] });
    expect(acts.map(({ by, atMs }) => [by, atMs])).toEqual([
      [1, 5000.00004],
      [2, 5060],
    ]);
  });

  test("that of the process that made the thread, through threads of threads", () => {
    const resolver = resolverOf([7, 1, 0]);
    resolver.hadThread(7, 8);
    const births = [birth(9, 10, 20), birth(8, 9, 10)];
    expect(resolver.resolve({ acts: [act(10, 30), act(8, 1)], births }).map(({ by }) => by)).toEqual([1, 1]);
  });

  test("not that of a thread that had the id before", () => {
    const resolver = resolverOf([7, 1, 0], [8, 2, 50]);
    resolver.resolve({ acts: [], births: [birth(7, 8, 10)] });
    expect(resolver.resolve({ acts: [act(8, 40), act(8, 60)], births: [] }).map(({ by }) => by)).toEqual([1, 2]);
    // What that process made is its own, too.
    expect(resolver.resolve({ acts: [act(9, 80)], births: [birth(8, 9, 70)] }).map(({ by }) => by)).toEqual([2]);
  });

  test("to whom it was done is told by the serial of who had the pid then", () => {
    const resolver = resolverOf([7, 1, 0], [8, 2, 0], [8, 3, 50]);
    const kill = (target: number, atNs: number) => ({
      ...act(7, atNs, "kill"),
      parameters: { target: String(target) },
    });
    const acts = resolver.resolve({ acts: [kill(8, 40), kill(8, 60), kill(9, 70)], births: [] });
    expect(acts.map(({ parameters }) => parameters)).toEqual([
      { pid: "8", serial: "2" },
      { pid: "8", serial: "3" },
      { pid: "9" },
    ]);
  });

  test("nobody's where nobody is known, and counted", () => {
    const resolver = resolverOf();
    expect(resolver.resolve({ acts: [act(8, 1)], births: [] })).toEqual([]);
    expect(resolver.unresolved).toBe(1);
  });
});

describe("in whose namespaces it was", () => {
  const apartOf = (resolver: ActResolver, acts: readonly RawAct[], births: readonly Birth[] = []): unknown[] =>
    resolver.resolve({ acts, births }).map(({ apart }) => apart ?? "the host's");

  test("in its own after unshare, and its children's, and not before", () => {
    const resolver = resolverOf([7, 1, 0], [8, 2, 20, 1], [9, 3, 5, 1]);
    const acts = [act(7, 1), act(7, 10, "unshare", CLONE_NEWIPC), act(7, 11), act(8, 30), act(9, 30)];
    expect(apartOf(resolver, acts)).toEqual(["the host's", "the host's", ["ipc"], ["ipc"], "the host's"]);
  });

  test("in its own if it was born so, and in its parent's besides", () => {
    const resolver = resolverOf([7, 1, 0], [8, 2, 20, 1]);
    const acts = [act(7, 10, "unshare", CLONE_NEWIPC), act(7, 25), act(8, 30)];
    expect(apartOf(resolver, acts, [birth(7, 8, 19, CLONE_NEWUTS)]).slice(1)).toEqual([["ipc"], ["ipc", "uts"]]);
  });

  test("mounts spread out of a new namespace until they are told not to, or another user's namespace owns it", () => {
    const resolver = resolverOf([7, 1, 0], [8, 2, 0]);
    const acts = [
      ...[act(7, 10, "unshare", CLONE_NEWNS), act(7, 11), act(7, 12, "mount", privately), act(7, 13)],
      ...[act(8, 20, "unshare", CLONE_NEWNS | CLONE_NEWUSER), act(8, 21)],
    ];
    const host = "the host's";
    expect(apartOf(resolver, acts)).toEqual([host, host, host, ["mnt"], host, ["mnt", "user"]]);
  });

  test("the host's again, for all that is known, after it entered another", () => {
    const resolver = resolverOf([7, 1, 0]);
    resolver.wasApart(1, ["ipc", "uts"]);
    const acts = [act(7, 1), act(7, 2, "setns", CLONE_NEWIPC), act(7, 3), act(7, 4, "setns"), act(7, 5)];
    expect(apartOf(resolver, acts)).toEqual([["ipc", "uts"], ["ipc", "uts"], ["uts"], ["uts"], "the host's"]);
  });

  test("the host's where only another thread than the first went elsewhere", () => {
    const resolver = resolverOf([7, 1, 0]);
    resolver.hadThread(7, 8);
    expect(apartOf(resolver, [act(8, 1, "unshare", CLONE_NEWIPC), act(7, 2)])).toEqual(["the host's", "the host's"]);
  });
});
