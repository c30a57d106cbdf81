import { closeSync, mkdirSync } from "node:fs";

import { openDirectory } from "./directory-handle.ts";
import { RelaxedModes, walkTree } from "./workspace-tree.ts";

/** Where a job writes its progress, in its workspace; it is told by `HOUSEGUEST_PROGRESS_FILE`. */
export const progressFileName = ".houseguest-progress";
/** Where a job leaves its result, in its workspace; it is told by `HOUSEGUEST_RESULT_FILE`. */
export const resultFileName = ".houseguest-result";
/** A job's TMPDIR, in its workspace. */
export const temporaryDirectoryName = ".tmp";

/** Makes an empty workspace that only its owner may enter. The caller journals it first. Fails when it exists. */
export function createWorkspace(path: string): void {
  mkdirSync(path, { mode: 0o700 });
}

/**
 * What a workspace takes of the disk; a sparse file counts with what is allocated, a hard link once (WC-12).
 *
 * @param wanted asked at every entry: a measurement that is not wanted any more ends at once, with what it has
 */
export async function measureWorkspace(
  path: string,
  wanted: () => boolean = () => true,
): Promise<{ readonly bytes: number; readonly entries: number }> {
  const root = openDirectory(path);
  const relaxed = new RelaxedModes();
  let bytes = 0;
  let entries = 0;
  const linked = new Set<bigint>();
  try {
    for await (const { stat } of walkTree({ root, relaxed })) {
      if (!wanted()) break;
      entries += 1;
      if (stat.nlink > 1n && !stat.isDirectory()) {
        if (linked.has(stat.ino)) continue;
        linked.add(stat.ino);
      }
      bytes += Number(stat.blocks) * blockBytes;
    }
  } finally {
    relaxed.restore(root);
    closeSync(root);
  }
  return { bytes, entries };
}

/** The unit of st_blocks, whatever the file system's own (stat(2)). */
const blockBytes = 512;
