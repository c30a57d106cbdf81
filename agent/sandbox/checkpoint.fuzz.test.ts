import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { restoreCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { allocatedBytes, describeTree } from "./testing/described-tree.ts";
import { plantTree, treeArbitrary } from "./testing/generated-tree.ts";
import { emptyDirectory, wipeDirectory } from "./wipe-directory.ts";

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-checkpoint-"));
});
afterEach(async () => {
  expect(await wipeDirectory(place)).toMatchObject({ leftCount: 0 });
});

/** A directory of that name, with nothing in it. */
async function empty(name: string): Promise<string> {
  const directory = join(place, name);
  if (existsSync(directory)) await emptyDirectory(directory);
  else mkdirSync(directory, { recursive: true });
  return directory;
}

const job = { jobId: "job-1", epoch: 3, progress: 7, nowMs: 1_700_000_000_000 };
/** What a file's border blocks and its directory may cost more on another place of the same disk. */
const slackBytes = 8 * 4_096;
/** `HOUSEGUEST_TREES=500` is for the night; each waits for the disk many times. */
const trees = Number(process.env["HOUSEGUEST_TREES"] ?? 10);

test("any tree comes back as it was, and the same tree gives the same bytes, twice, elsewhere, and after a restore (case 29)", async () => {
  await fc.assert(
    fc.asyncProperty(treeArbitrary, async (tree) => {
      const [workspace, elsewhere, target] = [await empty("a"), await empty("b/elsewhere"), await empty("c")];
      plantTree(workspace, tree);
      plantTree(elsewhere, tree);
      const before = describeTree(workspace);
      const stores = await Promise.all(["1", "2", "3", "4"].map(async (name) => await empty(name)));
      const save = async (from: string, store: number) =>
        await saveCheckpoint({ ...job, workspace: from, directory: stores[store] as string });
      const saved = await save(workspace, 0);
      expect(describeTree(workspace)).toEqual(before);
      expect((await save(workspace, 1)).content).toEqual(saved.content);
      expect((await save(elsewhere, 2)).content).toEqual(saved.content);
      await restoreCheckpoint({ ...saved, workspace: target, expected: saved.content });
      expect(describeTree(target)).toEqual(before);
      expect(allocatedBytes(target)).toBeLessThanOrEqual(allocatedBytes(workspace) + slackBytes);
      const again = await save(target, 3);
      // What was omitted is not there any more, and so not named again.
      expect(again.manifest).toEqual({ ...saved.manifest, omitted: [] });
      expect(readFileSync(again.archivePath)).toEqual(readFileSync(saved.archivePath));
    }),
    { numRuns: trees },
  );
}, 1_200_000);
