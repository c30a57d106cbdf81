import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  write,
} from "node:fs";
import { promisify } from "node:util";

import { present } from "../../foundation/assert.ts";
import type { ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import type { ArchivedEntry } from "./archive.ts";
import { beneath } from "./directory-handle.ts";
import { textToPath } from "./path-text.ts";

export interface TreeWriter {
  /** Makes one entry; its parent was made before. Returns the SHA-256 of a file's content, null for anything else. */
  write(part: { readonly entry: ManifestEntry; readonly archived: ArchivedEntry }): Promise<string | null>;
  /** Gives the directories their modes and times, which writing into them would have changed or been refused by. */
  finish(): void;
}

const writeAsync = promisify(write);

/** Writes a checkpoint's entries below an open, empty directory. */
export function treeWriter(root: number): TreeWriter {
  const directories: { readonly path: Buffer; readonly mode: number; readonly seconds: number }[] = [];
  return {
    async write({ entry, archived }) {
      const path = bytesOf(entry.path);
      const seconds = Number.isFinite(archived.modifiedSeconds) ? archived.modifiedSeconds : 0;
      if (entry.kind === "directory") {
        beneath({ root, path }, (real) => mkdirSync(real, { mode: 0o700 }));
        directories.push({ path, mode: entry.mode, seconds });
        return null;
      }
      if (entry.kind === "symlink") {
        const target = bytesOf(present(entry.target, "a symlink has a target"));
        beneath({ root, path }, (real) => {
          symlinkSync(target, real);
          lutimesSync(real, seconds, seconds);
        });
        return null;
      }
      return await writeFile({ root, path, entry, archived, seconds });
    },
    finish() {
      for (const { path, mode, seconds } of directories.reverse()) {
        const directory = beneath({ root, path }, (real) =>
          openSync(real, constants.O_DIRECTORY | constants.O_NOFOLLOW),
        );
        try {
          futimesSync(directory, seconds, seconds);
          fchmodSync(directory, mode);
        } finally {
          closeSync(directory);
        }
      }
    },
  };
}

async function writeFile({
  root,
  path,
  entry,
  archived,
  seconds,
}: {
  root: number;
  path: Buffer;
  entry: ManifestEntry;
  archived: ArchivedEntry;
  seconds: number;
}): Promise<string> {
  const hash = createHash("sha256");
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = beneath({ root, path }, (real) => openSync(real, flags, 0o600));
  try {
    for await (const chunk of archived.body) {
      hash.update(chunk);
      for (let offset = 0; offset < chunk.length; ) {
        const { bytesWritten } = await writeAsync(file, chunk, offset, chunk.length - offset, null);
        offset += bytesWritten;
      }
    }
    fchmodSync(file, entry.mode);
    futimesSync(file, seconds, seconds);
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function bytesOf(text: string): Buffer {
  return present(textToPath(text), "the manifest's paths were checked");
}
