import { spawnSync } from "node:child_process";

/**
 * Runs a file in a process of its own, so that nothing else lies in its memory, and reads the one JSON object that it
 * prints.
 *
 * @param flags of Node and V8, as the program sets them that is measured
 * @throws Error when it fails
 */
export function measuredChild(file: URL, parameters: readonly string[], flags: readonly string[] = []): unknown {
  const words = ["--expose-gc", ...flags, file.pathname, ...parameters];
  const { status, stdout, error } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${file.pathname} ended with ${status}`);
  return JSON.parse(stdout);
}
