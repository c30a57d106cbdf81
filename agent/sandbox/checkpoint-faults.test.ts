import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { restoreCheckpoint, type SavedCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { emptyDirectory, wipeDirectory } from "./wipe-directory.ts";

const program = join(import.meta.dirname, "testing/faulty-save.ts");
let place: string;
let workspace: string;
let store: string;
let earlier: SavedCheckpoint;
let next: SavedCheckpoint;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "houseguest-faults-"));
  workspace = join(place, "workspace");
  store = join(place, "store");
  const clean = join(place, "clean");
  for (const directory of [workspace, store, clean]) mkdirSync(directory);
  writeFileSync(join(workspace, "n"), "7");
  earlier = await saveCheckpoint({ jobId: "job-1", epoch: 3, progress: 7, nowMs: 1, workspace, directory: store });
  writeFileSync(join(workspace, "n"), "8");
  // What the next one is when nothing goes wrong.
  next = await saveCheckpoint({ jobId: "job-1", epoch: 3, progress: 8, nowMs: 1, workspace, directory: clean });
});
afterEach(async () => {
  expect(await wipeDirectory(place)).toMatchObject({ leftCount: 0 });
});

async function saveFaulty(fault: string, { at = 0, into = store } = {}) {
  const child = spawn(process.execPath, [program, workspace, into, fault, String(at)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
  const said = await text(child.stdout);
  const { outcome, calls } = JSON.parse(said === "" ? "{}" : said) as { outcome?: string; calls?: number };
  return { signal: await ended, outcome, calls };
}

/** Whether a checkpoint lies in a directory and can be restored from there. */
async function isIntact(saved: SavedCheckpoint, directory: string): Promise<boolean> {
  const target = join(place, "target");
  mkdirSync(target, { recursive: true });
  await emptyDirectory(target);
  const at = (path: string): string => path.replace(/^.*\//, `${directory}/`);
  const { content: expected } = saved;
  const paths = { manifestPath: at(saved.manifestPath), archivePath: at(saved.archivePath) };
  return await restoreCheckpoint({ ...paths, workspace: target, expected }).then(
    () => true,
    () => false,
  );
}

describe("an image of which the disk holds less than was written (case 28)", () => {
  test.each(["truncates", "changes"])(
    "a disk that %s it is found out before the checkpoint counts, and the earlier one stays",
    async (fault) => {
      expect(await saveFaulty(fault)).toMatchObject({ outcome: "not-written" });
      expect(await isIntact(earlier, store)).toBe(true);
      expect(readdirSync(store)).toHaveLength(2);
    },
  );
});

describe("a disk that fails in the middle of a checkpoint (case 30)", () => {
  test("EIO at any of its calls leaves the earlier checkpoint intact, or the next one whole", async () => {
    await atEveryCall("EIO", ({ outcome }) => expect(outcome).toBe("not-written"));
  });

  test("kill -9 at any of its calls leaves the earlier checkpoint intact, or the next one whole", async () => {
    await atEveryCall("SIGKILL", ({ signal }) => expect(signal).toBe("SIGKILL"));
  });

  const mayMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

  test.skipIf(!mayMount)(
    "ENOSPC leaves the earlier checkpoint intact (skipped where no small disk can be mounted)",
    () => {
      // A disk of its own, which nobody else sees and which goes with its last process.
      const script = `
      mount -t tmpfs -o size=256k none "$1/full" && cp "$1"/store/* "$1/full/" &&
      head -c 1000000 /dev/urandom > "$2/big" && "$3" "$4" "$2" "$1/full" none 0 && ls "$1/full"`;
      mkdirSync(join(place, "full"));
      const args = ["-rm", "/bin/sh", "-c", script, "sh", place, workspace, process.execPath, program];
      const [said = "", ...names] = execFileSync("unshare", args, { encoding: "utf8" }).trim().split("\n");
      expect(JSON.parse(said)).toMatchObject({ outcome: "not-written" });
      expect(names).toEqual(readdirSync(store).sort());
    },
  );
});

async function atEveryCall(fault: string, check: (end: Awaited<ReturnType<typeof saveFaulty>>) => void): Promise<void> {
  const copy = (name: string): string => {
    const directory = join(place, name);
    cpSync(store, directory, { recursive: true });
    return directory;
  };
  const { outcome, calls = 0 } = await saveFaulty("none", { into: copy("0") });
  expect(outcome).toBe("saved");
  expect(calls).toBeGreaterThanOrEqual(10);
  let intact = 0;
  for (let at = 1; at <= calls; at += 1) {
    const into = copy(String(at));
    check(await saveFaulty(fault, { at, into }));
    const isEarlier = await isIntact(earlier, into);
    intact += isEarlier ? 1 : 0;
    expect(isEarlier || (await isIntact(next, into)), `${fault} at call ${at}`).toBe(true);
    // And the next one that goes well leaves nothing of it.
    await saveCheckpoint({ jobId: "job-1", epoch: 3, progress: 8, nowMs: 1, workspace, directory: into });
    expect(readdirSync(into)).toHaveLength(2);
  }
  // Only the removal of the earlier one, which comes last and has two files, takes it away.
  expect(intact).toBeGreaterThanOrEqual(calls - 2);
}
