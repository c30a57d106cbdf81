import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { messageOf, systemCode, UsageError } from "../foundation/errors.ts";

/** A file that runs test, by its digest when the first of them began. */
export interface TestedArtifact {
  /** Without folders. */
  readonly name: string;
  readonly sha256: string;
}

/**
 * The digests of the files that --artifact, or "artifacts" in the configuration, names, so that a release gate can tell what a run
 * tested.
 *
 * @throws UsageError `artifact` when one cannot be read
 */
export function testedArtifacts(paths: readonly string[]): TestedArtifact[] {
  return paths.map((path) => {
    try {
      return { name: basename(path), sha256: hash("sha256", readFileSync(path)) };
    } catch (error) {
      throw new UsageError(`Cannot read ${path}, which is to be tested: ${systemCode(error) ?? messageOf(error)}.`, {
        code: "artifact",
        next: 'Mend --artifact, or "artifacts" in the configuration.',
        cause: error,
      });
    }
  });
}
