import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { systemCode, UsageError } from "../foundation/errors.ts";
import { limits } from "../foundation/limits.ts";
import { controlSocketName } from "../protocol/control.ts";
import type { RunOptions } from "./config.ts";

/** As long as the longest home that a run makes under the temporary directory. */
const longestHome = join("houseguest-00000000", "a".repeat(21), controlSocketName);

/**
 * Looks whether a run can take place on this machine at all, before anything is done.
 *
 * @throws UsageError `no-place`, `long-place` or `no-command`
 */
export function preflight({ agentCommand, brokerCommand }: Pick<RunOptions, "agentCommand" | "brokerCommand">): void {
  checkPlace(tmpdir());
  checkCommand("agent.command", agentCommand);
  checkCommand("broker.command", brokerCommand);
}

/** @throws UsageError `no-place` or `long-place` */
export function checkPlace(place: string): void {
  if (Buffer.byteLength(join(place, longestHome)) > limits.socketPathBytesMax) {
    throw new UsageError(`${place} is too long a path: an agent's control socket in it could not be bound (unix(7)).`, {
      code: "long-place",
      next: "Point TMPDIR at a shorter directory.",
    });
  }
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`The agents' homes cannot be made in ${place}: ${systemCode(error)}.`, {
      code: "no-place",
      next: "Point TMPDIR at a directory that you may write to.",
      cause: error,
    });
  }
}

function checkCommand(key: string, command: readonly string[]): void {
  const name = command[0] ?? "";
  const candidates = name.includes("/")
    ? [name]
    : (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, name));
  if (candidates.some(isProgram)) return;
  throw new UsageError(`"${name}", which ${key} names, is not a program that this user may run.`, {
    code: "no-command",
    next: `Mend ${key} in the configuration, or leave it out for the built-in one.`,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
