import { describe, expect, it } from "vitest";

import { act } from "../testing/recording-fixture.ts";
import { packTree } from "../testing/packed-tree-fixture.ts";
import { snapshotFixture } from "../testing/snapshot-fixture.ts";
import { differencesBetween, type FileDifference } from "./difference.ts";
import { atOnce } from "./steps.ts";
import { flagActs, mayBeOfFlags } from "./flag-acts.ts";
import { indexTree } from "./packed-tree.ts";

/** A file that was there, and whose ctime is now 5.2 s. */
function changed(now: { flags?: number; ino?: number; mode?: number }): FileDifference {
  const [before, after] = [{ name: "x" }, { name: "x", changed: 5, changedNs: 200_000_000, ...now }].map((entry) =>
    snapshotFixture({ files: indexTree(packTree({ "/d": [entry] })) }),
  );
  const [difference] =
    before === undefined || after === undefined ? [] : atOnce(differencesBetween(before, after)).list;
  if (difference?.surface !== "files") throw new Error("Nothing differs.");
  return difference;
}

describe("calls that set flags of files", () => {
  const early = act(1, "ioctl", { atMs: 1_200 });
  const timely = act(2, "ioctl", { atMs: 5_199 });

  it("go by the time at which the file was stamped", () => {
    expect(flagActs([early, timely], changed({ flags: 0x10 }))).toEqual([timely]);
  });

  it("may all have set flags that differ, where the file was stamped anew since", () => {
    expect(flagActs([early], changed({ flags: 0x10 }))).toEqual([early]);
    expect(flagActs([early], changed({}))).toEqual([]);
  });

  it("are asked for of a file whose ctime alone moved, and not of another file of its name", () => {
    expect(mayBeOfFlags(changed({}))).toBe(true);
    expect(mayBeOfFlags(changed({ mode: 0o100600 }))).toBe(false);
    expect(mayBeOfFlags(changed({ flags: 0x10, ino: 7 }))).toBe(false);
  });
});
