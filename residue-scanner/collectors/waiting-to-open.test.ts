import { expect, it } from "vitest";

import { parseOpening } from "./waiting-to-open.ts";

const [openat, close] = process.arch === "x64" ? [257, 3] : [56, 57];

it("is relative to where the thread is, by however many bits it says so", () => {
  const opening = { directory: null, nameAt: 0x7f77_d66b_9dc0n, mode: 1 };
  for (const here of ["0xffffff9c", "0xffffffffffffff9c"])
    expect(parseOpening(`${openat} ${here} 0x7f77d66b9dc0 0x80001 0x0 0x0 0x0 0x7f77d618f650 0x1\n`)).toEqual(opening);
  expect(parseOpening(`${openat} 0x7 0x7f77d66b9dc0 0x1 0x0`)).toEqual({ ...opening, directory: 7 });
});

it("is none where a thread runs, waits for something else, or may not be looked at", () => {
  expect(["running", "-1 0x0 0x0", `${close} 0x7 0x0 0x0`, ""].map(parseOpening)).toEqual([null, null, null, null]);
});
