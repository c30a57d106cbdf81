import { expect, it } from "vitest";

import { hasSurelyEnded, makerPattern, ownMaker } from "./maker.ts";

const isLinux = process.platform === "linux";

it.skipIf(!isLinux)(
  "is said to have ended only where it is of this start of this machine, or nobody else's can be",
  () => {
    const [, ...rest] = ownMaker().split("-");
    expect(ownMaker()).toMatch(new RegExp(`^${makerPattern}$`));
    expect(hasSurelyEnded(ownMaker(), { isLocal: true })).toBe(false);
    // Another machine that shares the directory has other boots, and pids of its own.
    const elsewhere = ["0123456789abcdef0123456789abcdef", ...rest.slice(0, 2), "99999999", "1"].join("-");
    expect(hasSurelyEnded(elsewhere, { isLocal: false })).toBe(false);
    expect(hasSurelyEnded(elsewhere, { isLocal: true })).toBe(true);
    expect(hasSurelyEnded(["0", ...rest].join("-"), { isLocal: true })).toBe(false);
  },
);
