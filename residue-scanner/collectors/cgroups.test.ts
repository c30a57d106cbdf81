import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { collectCgroups, listUnifiedDirectories, unifiedRoot } from "./cgroups.ts";

const root = unifiedRoot();
const canMake = root !== null && process.geteuid?.() === 0 && isMade(join(root, `houseguest-probe-${process.pid}`));

function isMade(directory: string): boolean {
  try {
    mkdirSync(directory);
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canMake)("where control groups are (needs root and a writable cgroup v2)", () => {
  it("is told of nested ones as their collector tells it, without anything that is set of them", () => {
    const outer = join(root ?? "", `houseguest-groups-${process.pid}`);
    const inner = join(outer, "inner");
    onTestFinished(() => {
      for (const directory of [inner, outer]) rmdirSync(directory);
    });
    for (const directory of [outer, inner]) mkdirSync(directory);
    const ofThese = (directories: readonly string[]) => directories.filter((each) => each.startsWith(outer)).sort();
    expect(ofThese(listUnifiedDirectories())).toEqual([outer, inner]);
    expect(ofThese(collectCgroups().cgroups.map(({ directory }) => directory))).toEqual([outer, inner]);
  });
});
