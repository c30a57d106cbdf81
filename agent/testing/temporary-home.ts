import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import { type HomePaths, homePaths } from "../io/home-paths.ts";

/** A directory that is gone after the test, however that ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "houseguest-agent-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A home in a place that does not exist yet, two directories deep. */
export function temporaryHome(): HomePaths {
  return homePaths(join(temporaryDirectory(), "data", "home"), {});
}
