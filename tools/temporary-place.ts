import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryPlace {
  /** For TMPDIR. Like /tmp, anybody may write here: some tests act as another user. */
  readonly path: string;
  /** The names of what lies in it still. */
  leftovers(): string[];
  remove(): void;
}

/** A temporary directory for all the tests together, in which nothing may lie when they are done. */
export function makeTemporaryPlace(): TemporaryPlace {
  const path = mkdtempSync(join(tmpdir(), "houseguest-suite-"));
  chmodSync(path, 0o1777);
  return {
    path,
    leftovers: () => readdirSync(path).sort(),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
