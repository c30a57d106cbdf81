import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import { type HomePaths, homePaths } from "../io/home-paths.ts";

/** A test's own `onTestFinished`, which tests that run side by side must use. */
export type OnFinished = (act: () => void | Promise<void>) => void;

/** A directory that is gone after the test, however that ends. */
export function temporaryDirectory(onFinished: OnFinished = onTestFinished): string {
  const directory = mkdtempSync(join(tmpdir(), "houseguest-agent-"));
  onFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A home in a place that does not exist yet, two directories deep. */
export function temporaryHome(onFinished: OnFinished = onTestFinished): HomePaths {
  return homePaths(join(temporaryDirectory(onFinished), "data", "home"), {});
}
