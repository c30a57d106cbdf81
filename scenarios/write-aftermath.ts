import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Aftermath, aftermathFile, type Healer } from "../protocol/aftermath.ts";
import type { NotUndone } from "../protocol/verdict.ts";
import { readAftermath } from "../reports/runs/read-aftermath.ts";

/** Writes down what was undone for a run that its harness left, with what was undone for it before. Whole or not at all. */
export function writeAftermath(
  runDirectory: string,
  { by, undone, notUndone }: { by: Healer; undone: readonly string[]; notUndone: readonly NotUndone[] },
): void {
  const path = join(runDirectory, aftermathFile);
  const fresh = `${path}.${process.pid}`;
  const before = readAftermath(runDirectory)?.undone ?? [];
  const aftermath: Aftermath = {
    ...{ version: 1, by, at: Date.now(), undone: [...before, ...undone], notUndone: [...notUndone] },
  };
  writeFileSync(fresh, `${JSON.stringify(aftermath, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}
