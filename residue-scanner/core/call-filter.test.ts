import { runInNewContext } from "node:vm";

import { describe, expect, test } from "vitest";

import { callFilter } from "./call-filter.ts";
import { type TracedCall, tracedCalls } from "./traced-calls.ts";

const callNamed = (name: string): TracedCall => tracedCalls.find(({ call }) => call === name) as TracedCall;

/** What the kernel would say, for filters that are written as JavaScript is too. */
function admits(call: string, values: Readonly<Record<string, bigint>>): boolean {
  const filter = callFilter(callNamed(call), Object.keys(values)) ?? "true";
  const text = filter
    .replaceAll(/\b(0x[0-9a-f]+|\d+)\b/g, "$1n")
    .replaceAll(/\w+/g, (word) => (Object.hasOwn(values, word) ? `${values[word]}n` : word));
  return Boolean(runInNewContext(text));
}

const ioctl = (cmd: bigint): boolean => admits("ioctl", { fd: 3n, cmd, arg: 0n });
const socket = (family: bigint, type: bigint, protocol = 0n): boolean => admits("socket", { family, type, protocol });

describe("by what the kernel chooses calls", () => {
  test("is every one of the known commands, and none beside them", () => {
    const { words = {} } = callNamed("ioctl").parameters[1] ?? {};
    expect(Object.entries(words).filter(([, number]) => !ioctl(BigInt(number)))).toEqual([]);
    for (const number of Object.values(words).map(BigInt)) {
      const isKnown = Object.values(words).includes(Number(number + 1n));
      expect(ioctl(number + 1n)).toBe(isKnown);
    }
    expect([0x5401n, 0n, 0xffffffffn].map(ioctl)).toEqual([false, false, false]);
  });

  test("is the command also where the register's upper half has its sign", () => {
    expect(ioctl(0xc138fd03n)).toBe(true);
    expect(ioctl(0xffffffffc138fd03n)).toBe(true);
  });

  test("is for sockets their family, and for those of the internet whether they are raw", () => {
    expect([socket(16n, 3n), socket(17n, 3n), socket(2n, 3n), socket(10n, 0o2000003n)]).toEqual(Array(4).fill(true));
    expect([socket(1n, 1n), socket(2n, 1n), socket(2n, 2n), socket(10n, 0o2000001n), socket(16n, 3n, 4n)]).toEqual(
      Array(5).fill(false),
    );
  });

  test("is for calls that may mean the caller itself that they mean another", () => {
    expect(admits("sched_setaffinity", { pid: 0n })).toBe(false);
    expect(admits("sched_setaffinity", { pid: 5n })).toBe(true);
  });

  test("is nothing where every call counts, and refused where the kernel's event has other arguments", () => {
    expect(callFilter(callNamed("mount"), ["dev_name", "dir_name", "type", "flags", "data"])).toBeNull();
    expect(() => callFilter(callNamed("ioctl"), ["fd"])).toThrow("has no argument 2");
  });
});
