import { isAbsolute, join, resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { limits } from "../../foundation/limits.ts";
import { ownHome } from "./own-user.ts";
import { controlSocketName } from "../../protocol/control.ts";

/** Where everything that the agent makes lies, but its cgroups. */
export interface HomePaths {
  readonly home: string;
  readonly ledger: string;
  readonly lock: string;
  readonly key: string;
  readonly control: string;
  readonly log: string;
  readonly sandboxes: string;
  readonly checkpoints: string;
}

/**
 * Where the agent lives: `--home`, else `$XDG_DATA_HOME/houseguest`, else `~/.local/share/houseguest`.
 *
 * @throws UsageError `bad-home`, `socket-path-too-long`
 */
export function homePaths(option: string | undefined, environment: NodeJS.ProcessEnv): HomePaths {
  const home = homeOf(option, environment);
  const control = join(home, controlSocketName);
  const bytes = Buffer.byteLength(control);
  if (bytes > limits.socketPathBytesMax) {
    throw new UsageError(
      `The home ${home} is too long: its control socket's path has ${bytes} bytes, and the system allows ${limits.socketPathBytesMax}.`,
      { code: "socket-path-too-long", next: "Choose a shorter directory with --home." },
    );
  }
  return {
    home,
    ledger: join(home, "ledger.jsonl"),
    lock: join(home, "lock"),
    key: join(home, "identity.pem"),
    control,
    log: join(home, "agent.log"),
    sandboxes: join(home, "sandboxes"),
    checkpoints: join(home, "checkpoints"),
  };
}

function homeOf(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  if (option !== undefined) {
    if (option === "" || option.includes("\0") || /^~([/]|$)/.test(option)) {
      throw new UsageError(`${JSON.stringify(option)} is no directory to live in: a ~ is the shell's to expand.`, {
        code: "bad-home",
        next: "Name the directory by its full path with --home.",
      });
    }
    return absolute(option);
  }
  const data = environment["XDG_DATA_HOME"];
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  if (data !== undefined && isAbsolute(data)) return join(data, "houseguest");
  const user = ownHome();
  if (user === null || !isAbsolute(user)) {
    throw new UsageError("This user has no home directory.", {
      code: "bad-home",
      next: "Name the directory to live in with --home.",
    });
  }
  return join(user, ".local", "share", "houseguest");
}

function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (cause) {
    // getcwd(2) fails where the current directory was removed.
    throw new UsageError(`${JSON.stringify(path)} is relative, and the current directory is not there any more.`, {
      code: "bad-home",
      next: "Name the directory by its full path with --home, or go to another directory.",
      cause,
    });
  }
}
