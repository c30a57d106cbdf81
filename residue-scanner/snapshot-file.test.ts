import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";

import { describe, expect, it } from "vitest";

import type { Snapshot } from "./core/snapshot.ts";
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
    const report = await compareSnapshots(loaded, await loadSnapshot(join(place, "after")), contextFixture());
    expect(report.findings.map(({ location }) => location)).toEqual([join(root, "left")]);
    expect(report.findings[0]?.after).not.toHaveProperty("sha256");
  });

  it("that was written before there were more surfaces is read, and proves nothing of those", async () => {
    const path = join(temporaryDirectory(), "old");
    const { listed: _, ...old } = await takeSnapshot({ surfaces: ["crontabs"] });
    await saveSnapshot(old as Snapshot, path);
    const report = await compareSnapshots(
      await loadSnapshot(path),
      await takeSnapshot({ surfaces: ["ipc"] }),
      contextFixture(),
    );
    expect(report.surfaces.find(({ surface }) => surface === "ipc")).toMatchObject({
      status: "failed",
      detail: "at the baseline: the snapshot lacks ipc",
    });
  });

  it("is refused with a sentence when it is none, or cut short", async () => {
    const place = temporaryDirectory();
    await expect(loadSnapshot(join(place, "none"))).rejects.toMatchObject({ code: "no-snapshot", exitCode: 64 });
    writeFileSync(join(place, "text"), "hello");
    await expect(loadSnapshot(join(place, "text"))).rejects.toThrow(": it is not a snapshot.");
    writeFileSync(join(place, "other"), zstdCompressSync(Buffer.from("hello")));
    await expect(loadSnapshot(join(place, "other"))).rejects.toThrow(": it is not a snapshot.");
    await saveSnapshot(await takeSnapshot({ roots: [place], surfaces: ["files"] }), join(place, "whole"));
    const whole = readFileSync(join(place, "whole"));
    for (const bytes of [0, 1, 100, whole.length - 1]) {
      writeFileSync(join(place, "cut"), whole.subarray(0, bytes));
      await expect(loadSnapshot(join(place, "cut"))).rejects.toMatchObject({ code: "no-snapshot", exitCode: 64 });
      await expect(loadSnapshot(join(place, "cut"))).rejects.toThrow(/: it is (?:empty, or )?(?:cut short|damaged)\.$/);
    }
  });

  it("is refused with any bit changed that means something, whether it can be unpacked or not", async () => {
    const place = temporaryDirectory();
    await saveSnapshot(await takeSnapshot({ roots: [place], surfaces: ["files"] }), join(place, "whole"));
    const whole = readFileSync(join(place, "whole"));
    const meant = await loadSnapshot(join(place, "whole"));
    let refused = 0;
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      writeFileSync(join(place, "damaged"), damaged);
      // A few bits of a frame mean nothing (RFC 8878: the unused bit of its header, what fills up its bit streams).
      const read = await loadSnapshot(join(place, "damaged")).catch(({ code }: { code: string }) => code);
      refused += read === "no-snapshot" ? 1 : 0;
      expect(read === "no-snapshot" ? meant : read, `byte ${at}`).toEqual(meant);
    }
    expect(refused).toBeGreaterThan(0.9 * whole.length);
  });

  it("is refused with its format's number when a newer version wrote it", async () => {
    const path = join(temporaryDirectory(), "newer");
    writeFileSync(path, zstdCompressSync(Buffer.from("houseguest-snapshot-12\n and what this one does not know")));
    await expect(loadSnapshot(path)).rejects.toThrow("a newer version wrote it, in format 12; this one reads up to 2");
  });
});
