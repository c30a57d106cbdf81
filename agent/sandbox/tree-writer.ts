import { createHash } from "node:crypto";
import { closeSync, constants, fchmodSync, linkSync, mkdirSync, openSync, symlinkSync } from "node:fs";

import { present } from "../../foundation/assert.ts";
import type { ManifestEntry } from "../../protocol/checkpoint-manifest.ts";
import type { ArchivedEntry } from "./archive.ts";
import { beneath } from "./directory-handle.ts";
import type { NativeFiles } from "./native-files.ts";
import { textToPath } from "./path-text.ts";
import { setLinkTime, setTime } from "./set-time.ts";
import { denseContent, sparseContent } from "./written-content.ts";

export interface TreeWriter {
  /** Makes one entry; its parent was made before. Returns the SHA-256 of a file's content, null for anything else. */
  write(part: { readonly entry: ManifestEntry; readonly archived: ArchivedEntry }): Promise<string | null>;
  /** Gives the directories their modes and times, which writing into them would have changed or been refused by. */
  finish(): void;
}

/** Writes a checkpoint's entries below an open, empty directory. */
export function treeWriter({ root, native }: { root: number; native: NativeFiles | null }): TreeWriter {
  const directories: { readonly path: Buffer; readonly mode: number; readonly modifiedNs: bigint }[] = [];
  return {
    async write({ entry, archived }) {
      const path = bytesOf(entry.path);
      const { modifiedNs } = archived;
      if (entry.kind === "directory") {
        beneath({ root, path }, (real) => mkdirSync(real, { mode: 0o700 }));
        directories.push({ path, mode: entry.mode, modifiedNs });
        return null;
      }
      if (entry.kind === "symlink") {
        const target = bytesOf(present(entry.target, "a symlink has a target"));
        beneath({ root, path }, (real) => {
          symlinkSync(target, real);
          setLinkTime(native, real, modifiedNs);
        });
        return null;
      }
      if (entry.kind === "hardlink") {
        const first = bytesOf(present(entry.target, "a hard link has a target"));
        beneath({ root, path: first }, (existing) => beneath({ root, path }, (real) => linkSync(existing, real)));
        return null;
      }
      return await writeFile({ root, path, entry, archived, native });
    },
    finish() {
      for (const { path, mode, modifiedNs } of directories.reverse()) {
        const directory = beneath({ root, path }, (real) =>
          openSync(real, constants.O_DIRECTORY | constants.O_NOFOLLOW),
        );
        try {
          setTime(native, directory, modifiedNs);
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
  native,
}: {
  root: number;
  path: Buffer;
  entry: ManifestEntry;
  archived: ArchivedEntry;
  native: NativeFiles | null;
}): Promise<string> {
  const hash = createHash("sha256");
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = beneath({ root, path }, (real) => openSync(real, flags, 0o600));
  try {
    const content = archived.storedBytes === null ? denseContent(file) : sparseContent(file, archived.bytes);
    for await (const chunk of archived.body) {
      hash.update(chunk);
      await content.take(chunk);
    }
    content.end();
    fchmodSync(file, entry.mode);
    setTime(native, file, archived.modifiedNs);
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function bytesOf(text: string): Buffer {
  return present(textToPath(text), "the manifest's paths were checked");
}
