import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { diffTrees } from "./core/tree-diff.ts";
import { compareSnapshots, loadSnapshot, saveSnapshot, takeSnapshot } from "./scanner.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

describe("a snapshot in a file", () => {
  it("comes back as it was, and compares like the one in memory", async () => {
    const root = temporaryDirectory();
    const place = temporaryDirectory();
    mkdirSync(join(root, "d"));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/d/`), Buffer.from([0xff])]), "x");
    const before = await takeSnapshot({ roots: [root], surfaces: ["files"] });
    await saveSnapshot(before, join(place, "before"));
    const loaded = await loadSnapshot(join(place, "before"));
    expect(diffTrees(before.files, loaded.files).differences).toEqual([]);
    const { files: _, live, ...rest } = loaded;
    const { files: __, live: wasLive, ...original } = before;
    expect(rest).toEqual(original);
    expect([wasLive, live]).toEqual([true, false]);

    writeFileSync(join(root, "left"), "y");
    const after = await takeSnapshot({ roots: [root], surfaces: ["files"] });
    await saveSnapshot(after, join(place, "after"));
    const report = compareSnapshots(loaded, await loadSnapshot(join(place, "after")), contextFixture());
    expect(report.findings.map(({ location }) => location)).toEqual([join(root, "left")]);
    expect(report.findings[0]?.after).not.toHaveProperty("sha256");
  });

  it("is refused with a sentence when it is none, or cut short", async () => {
    const place = temporaryDirectory();
    await expect(loadSnapshot(join(place, "none"))).rejects.toMatchObject({ code: "no-snapshot", exitCode: 64 });
    writeFileSync(join(place, "text"), "hello");
    await expect(loadSnapshot(join(place, "text"))).rejects.toMatchObject({ code: "no-snapshot" });
    await saveSnapshot(await takeSnapshot({ roots: [place], surfaces: ["files"] }), join(place, "whole"));
    writeFileSync(join(place, "half"), readFileSync(join(place, "whole")).subarray(0, 100));
    await expect(loadSnapshot(join(place, "half"))).rejects.toMatchObject({ code: "no-snapshot" });
  });
});
