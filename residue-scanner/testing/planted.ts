import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { Finding } from "../../protocol/residue-report.ts";
import type { Surface } from "../core/fact.ts";
import { settleAndCompare, takeSnapshot } from "../scanner.ts";
import { contextFixture } from "./snapshot-fixture.ts";

export const isRoot = process.geteuid?.() === 0;

export function run(program: string, ...parameters: string[]): string {
  return execFileSync(program, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** Has a command run when the test ends. Said before what it undoes is done, so it may find nothing to undo. */
export function undo(program: string, ...parameters: string[]): void {
  onTestFinished(() => {
    try {
      run(program, ...parameters);
    } catch {
      // What it undoes was not done.
    }
  });
}

/** ip(8) makes the folder of network namespaces' names with the first of them, mounts it on itself, and leaves both. */
export function undoNamesOfNamespaces(): void {
  const folder = "/run/netns";
  if (!existsSync(folder)) undo("rmdir", folder);
  if (!readFileSync("/proc/self/mountinfo", "latin1").includes(` ${folder} `)) undo("umount", folder);
}

export function canRun(program: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].some((directory) => existsSync(join(directory, program)));
}

/** The start of a script for `leftoverDaemon` that calls functions of the C library: `libc.func("int close(int)")`. */
export const withLibc = `const koffi = require(${JSON.stringify(createRequire(import.meta.url).resolve("koffi"))});
const libc = koffi.load("libc.so.6");
`;

/**
 * What is planted stays. It is still found by further readings, and what may end by itself need not be given a second
 * for that, as it is where nobody knows what it is.
 */
const boundMs = 250;

/** What is found of it once something is planted, among whatever else happens on this host meanwhile. */
export async function foundAfter(
  plant: () => Promise<string | RegExp> | string | RegExp,
  surfaces: readonly Surface[],
): Promise<Finding[]> {
  const before = await takeSnapshot({ surfaces });
  const wanted = await plant();
  const isWanted = ({ subject, location }: Finding) =>
    [subject, location].some((text) => (typeof wanted === "string" ? text === wanted : wanted.test(text)));
  const { report } = await settleAndCompare(before, contextFixture(), { surfaces, boundMs });
  return report.findings.filter(isWanted);
}
