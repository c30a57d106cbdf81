import { describe, expect, test } from "vitest";

import type { CallEvent } from "./call-events.ts";
import { CallPairing } from "./call-pairing.ts";

const enter = (thread: number, atNs: number, call = "mount", isEndTraced = true): CallEvent => ({
  kind: "enter",
  thread,
  atNs,
  call,
  parameters: {},
  isEndTraced,
});
const exit = (thread: number, atNs: number, returned = 0, call = "mount"): CallEvent => ({
  kind: "exit",
  thread,
  atNs,
  call,
  returned,
});

describe("beginnings and ends of calls", () => {
  test("come together by thread, in whatever order processors are read", () => {
    const { acts } = new CallPairing().take([exit(2, 40, -1), exit(1, 20, 7), enter(2, 30), enter(1, 10)]);
    expect(acts).toMatchObject([
      { thread: 1, atNs: 10, returned: 7 },
      { thread: 2, atNs: 30, returned: -1 },
    ]);
  });

  test("an end that was read before its beginning waits for one round", () => {
    const pairing = new CallPairing();
    expect(pairing.take([exit(1, 20, 7)]).acts).toEqual([]);
    expect(pairing.take([enter(1, 10)]).acts).toMatchObject([{ thread: 1, returned: 7 }]);
  });

  test("an end whose beginning was not chosen never ends a later call", () => {
    const pairing = new CallPairing();
    pairing.take([exit(1, 20, 7)]);
    pairing.take([]);
    expect(pairing.take([enter(1, 30)]).acts).toEqual([]);
    expect(pairing.take([exit(1, 40, 8)]).acts).toMatchObject([{ atNs: 30, returned: 8 }]);
  });

  test("a call that did not come back is told when the thread makes another, or at the end", () => {
    const pairing = new CallPairing();
    pairing.take([enter(1, 10)]);
    expect(pairing.take([enter(1, 20, "swapon")]).acts).toMatchObject([{ call: "mount", returned: null }]);
    expect(pairing.finish()).toMatchObject([{ call: "swapon", returned: null }]);
    expect(pairing.finish()).toEqual([]);
  });

  test("an end that comes after ends were turned off is another call's", () => {
    const pairing = new CallPairing();
    const ioctl = (atNs: number) => enter(1, atNs, "ioctl");
    expect(pairing.take([ioctl(10), exit(1, 20, -16, "ioctl")]).acts).toMatchObject([{ returned: -16 }]);
    pairing.cease("ioctl", 30, 40);
    // It began while they were being turned off, or was not told to the recorder before.
    expect(pairing.take([ioctl(25), exit(1, 28, -16, "ioctl")]).acts).toMatchObject([{ returned: -16 }]);
    expect(pairing.take([ioctl(35), exit(1, 50, -25, "ioctl")]).acts).toMatchObject([{ atNs: 35, returned: null }]);
    expect(pairing.take([ioctl(36)]).acts).toMatchObject([{ atNs: 36, returned: null }]);
    expect(pairing.take([ioctl(60)]).acts).toEqual([]);
    expect(pairing.unfinishedOf("ioctl")).toBe(1);
    expect(pairing.take([exit(1, 70, -16, "ioctl")]).acts).toMatchObject([{ atNs: 60, returned: -16 }]);
  });

  test("a call whose end is not traced is told at once", () => {
    expect(new CallPairing().take([enter(1, 10, "socket", false)]).acts).toMatchObject([{ returned: null }]);
  });
});
