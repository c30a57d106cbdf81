import type { Command } from "commander";

import { type HomePaths, homePaths } from "../io/home-paths.ts";

/** The option that every command has: where the agent lives. */
export function withHome(command: Command): Command {
  return command.option(
    "--home <directory>",
    "where the agent lives; by default $XDG_DATA_HOME/houseguest or ~/.local/share/houseguest",
  );
}

/** @throws UsageError `bad-home`, `socket-path-too-long` */
export function pathsOf({ home }: { home?: string }): HomePaths {
  return homePaths(home, process.env);
}
