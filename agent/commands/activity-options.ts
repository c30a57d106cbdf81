import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";

import { UsageError } from "../../foundation/errors.ts";
import type { ActivityGiven } from "../activity/activity-wish.ts";
import { cronPatterns } from "../activity/cron-patterns.ts";
import { isWithin } from "../activity/is-within.ts";
import { agentLimits } from "../core/limits.ts";
import type { HomePaths } from "../io/home-paths.ts";
import type { JoinOptions } from "./join-options.ts";
import { wholeNumber } from "./whole-number.ts";

const quietSMax = 86_400;
const shareMin = 0.01;

/** The options of `join` that say when the jobs pause by themselves. */
export function withActivity(command: Command): Command {
  return command
    .option(
      "--pause-on-touch <path>",
      "pause by itself when this file, or anything in this directory, is written, made, removed or touched; may be given more than once",
      several,
    )
    .option(
      "--pause-on-load <share>",
      `pause by itself when other programs keep this share of all processors busy, from ${shareMin} to 1; what the jobs use does not count`,
      shareOfProcessors,
    )
    .option("--pause-on-input", "pause by itself when a keyboard or a mouse is used, where this user may read them")
    .option(
      "--pause-schedule <when>",
      'pause by itself when the machine is yours, like "mon-fri 09:00-17:30", or every minute of five fields of cron, like "* 9-17 * * 1-5"; may be given more than once',
      several,
    )
    .option(
      "--quiet <seconds>",
      `go on after nothing of that was noticed for so long (default ${agentLimits.quietMs / 1_000}); a later start keeps all of these`,
      wholeNumber({ min: 1, max: quietSMax }),
    )
    .addOption(
      new Option("--pause-on-nothing", "forget the triggers of before").conflicts([
        ...["pauseOnTouch", "pauseOnLoad", "pauseOnInput", "pauseSchedule"],
      ]),
    );
}

/**
 * What the options ask for, with absolute paths.
 *
 * @throws UsageError `bad-path`, `own-path`, `bad-schedule`
 */
export function activityOf(options: JoinOptions, { home }: HomePaths): ActivityGiven {
  for (const schedule of options.pauseSchedule ?? []) cronPatterns(schedule);
  return {
    touch: options.pauseOnTouch?.map((path) => watchable(path, home)),
    loadShare: options.pauseOnLoad,
    input: options.pauseOnInput,
    schedules: options.pauseSchedule,
    quietS: options.quiet,
    nothing: options.pauseOnNothing,
  };
}

/** The same again for another process, which may stand in another directory. */
export function activityArguments(options: JoinOptions, paths: HomePaths): string[] {
  const { touch = [], loadShare, input, schedules = [], quietS, nothing } = activityOf(options, paths);
  return [
    ...touch.flatMap((path) => ["--pause-on-touch", path]),
    ...(loadShare === undefined ? [] : ["--pause-on-load", String(loadShare)]),
    ...(input === true ? ["--pause-on-input"] : []),
    ...schedules.flatMap((schedule) => ["--pause-schedule", schedule]),
    ...(quietS === undefined ? [] : ["--quiet", String(quietS)]),
    ...(nothing === true ? ["--pause-on-nothing"] : []),
  ];
}

function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function shareOfProcessors(text: string): number {
  const share = Number(text);
  if (text.trim() === "" || !(share >= shareMin && share <= 1)) {
    throw new InvalidArgumentError(`It must be a share from ${shareMin} to 1, like 0.5 for half of all processors.`);
  }
  return share;
}

function watchable(given: string, home: string): string {
  const path = resolve(given);
  if (!existsSync(path)) {
    throw new UsageError(`There is nothing at ${path} to be touched.`, {
      code: "bad-path",
      next: "Name a file or directory that is there with --pause-on-touch.",
    });
  }
  const real = realpathSync(path);
  if ([home, existsSync(home) ? realpathSync(home) : home].some((own) => isWithin(real, own))) {
    throw new UsageError(`${path} lies in the agent's own home, which the agent itself writes to.`, {
      code: "own-path",
      next: "Name with --pause-on-touch what you work on yourself.",
    });
  }
  return real;
}
