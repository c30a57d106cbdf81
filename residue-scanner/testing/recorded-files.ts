import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { temporaryDirectory } from "./temporary-directory.ts";

/** A directory with files as they were recorded on a host, by their paths, one character a byte. */
export function recordedFiles(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, "latin1");
  }
  return root;
}
