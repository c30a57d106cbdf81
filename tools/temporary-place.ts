import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** vitest keeps a token for its browser mode in the user's data; it is neither the tests' nor worth keeping. */
const vitestData = "data-home/vitest";
/** What the programs that the tests start compiled of their own modules, for the next ones. */
const compiled = "compiled";
/** The programs, put into a few files. */
const bundle = "bundle";
/** Where vitest.config.ts is told of it. */
export const compiledVariable = "HOUSEGUEST_TEST_COMPILED";

export interface TemporaryPlace {
  /**
   * Points everything that looks for a place of its own here: temporary files, and what a program keeps for its user.
   * Like in /tmp, anybody may write here: some tests act as another user.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Not there yet. Where the programs look for themselves when they are started (bin/bundled.mjs). */
  readonly bundle: string;
  /** What lies in it still, at any depth. */
  leftovers(): string[];
  remove(): void;
}

/** A temporary directory for all the tests together, in which nothing may lie when they are done. */
export function makeTemporaryPlace(): TemporaryPlace {
  const path = mkdtempSync(join(tmpdir(), "houseguest-suite-"));
  chmodSync(path, 0o1777);
  mkdirSync(join(path, compiled));
  chmodSync(join(path, compiled), 0o1777);
  return {
    environment: {
      TMPDIR: path,
      HOUSEGUEST_TEST_BUNDLE: join(path, bundle),
      [compiledVariable]: join(path, compiled),
      XDG_CACHE_HOME: join(path, "cache-home"),
      XDG_CONFIG_HOME: join(path, "config-home"),
      XDG_DATA_HOME: join(path, "data-home"),
      XDG_STATE_HOME: join(path, "state-home"),
    },
    bundle: join(path, bundle),
    leftovers() {
      for (const kept of [vitestData, compiled, bundle]) rmSync(join(path, kept), { recursive: true, force: true });
      const names = readdirSync(path, { recursive: true, encoding: "utf8" });
      return names.filter((name) => name !== dirname(vitestData)).sort();
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
