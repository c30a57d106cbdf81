import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { ResidueReport } from "../protocol/residue-report.ts";
import { compareSnapshots } from "./compare-snapshots.ts";
import { indexTree } from "./core/packed-tree.ts";
import { diffTrees } from "./core/tree-diff.ts";
import { loadSnapshot, saveSnapshot, takeSnapshot } from "./scanner.ts";
import { packTree } from "./testing/packed-tree-fixture.ts";
import { runResidue } from "./testing/run-residue.ts";
import { contextFixture, snapshotFixture } from "./testing/snapshot-fixture.ts";
import { directoryOfFiles, temporaryDirectory } from "./testing/temporary-directory.ts";

const launcher = join(import.meta.dirname, "../bin/residue.mjs");
const manyFiles = 60_000;
const heapMebibytes = 32;

describe("residue", () => {
  it("needs no memory for each file: a small heap is enough for many", async () => {
    const root = directoryOfFiles(manyFiles);
    const output = join(temporaryDirectory(), "kept");
    const parameters = [
      `--max-old-space-size=${heapMebibytes}`,
      launcher,
      "snapshot",
      "--root",
      root,
      "--output",
      output,
    ];
    const child = spawn(process.execPath, parameters, { stdio: "ignore" });
    expect(await once(child, "exit")).toEqual([0, null]);
    const loaded = await loadSnapshot(output);
    expect(loaded.surfaces.find(({ surface }) => surface === "files")?.facts).toBe(manyFiles);
  });

  it("reads the same as another one that reads at the same time", async () => {
    const root = temporaryDirectory();
    const place = temporaryDirectory();
    for (let index = 0; index < 200; index += 1)
      mkdirSync(join(root, `a-${index % 5}/b-${index}`), { recursive: true });
    const outputs = ["one", "other", "third"].map((name) => join(place, name));
    const runs = await Promise.all(
      outputs.map((output) => runResidue(["snapshot", "--root", root, "--output", output])),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    const [one, ...others] = await Promise.all(outputs.map((output) => loadSnapshot(output)));
    for (const other of others) expect(diffTrees(one?.files ?? indexTree([]), other.files).differences).toEqual([]);
    expect(one?.files.index.size).toBeGreaterThan(200);
    expect(readdirSync(place).sort()).toEqual(["one", "other", "third"]);
  });

  it("finds what came although the clock was set back by an hour between the readings", async () => {
    const hour = 3_600;
    const tree = (names: readonly { name: string; changed: number }[]) =>
      indexTree(packTree({ "": ["/r"], "/r": [...names] }));
    const old = { name: "old", changed: 10 * hour };
    const before = snapshotFixture({
      startedAtMs: 10 * hour * 1000,
      endedAtMs: 10 * hour * 1000 + 500,
      files: tree([old]),
    });
    const after = snapshotFixture({
      startedAtMs: 9 * hour * 1000,
      endedAtMs: 9 * hour * 1000 + 500,
      files: tree([
        { name: "left", changed: 9 * hour },
        { ...old, changed: 9 * hour },
      ]),
    });
    const context = contextFixture({ windowFromMs: before.endedAtMs, windowToMs: after.startedAtMs });
    const report = ResidueReport.parse(await compareSnapshots(before, after, context));
    expect(report.verdict).toBe("residue");
    expect(report.findings.map(({ location, change }) => `${change} ${location}`).sort()).toEqual([
      "appeared /r/left",
      "changed /r/old",
    ]);
  });

  it("keeps the snapshot that was in a file when a new one cannot be written, and leaves no part of that", async () => {
    const place = temporaryDirectory();
    const path = join(place, "kept");
    const snapshot = await takeSnapshot({ roots: [place], surfaces: ["files"] });
    await saveSnapshot(snapshot, path);
    const stopped = new AbortController();
    stopped.abort(new Error("enough"));
    writeFileSync(join(place, "later"), "");
    const later = await takeSnapshot({ roots: [place], surfaces: ["files"] });
    await expect(saveSnapshot(later, path, { signal: stopped.signal })).rejects.toThrow("enough");
    await expect(saveSnapshot(later, join(place, "none/kept"))).rejects.toMatchObject({ code: "snapshot-file" });
    await expect(saveSnapshot(later, place)).rejects.toMatchObject({ code: "snapshot-file" });
    expect(readdirSync(place).sort()).toEqual(["kept", "later"]);
    expect(diffTrees((await loadSnapshot(path)).files, snapshot.files).differences).toEqual([]);
  });
});
