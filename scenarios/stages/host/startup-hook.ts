import { spawnSync } from "node:child_process";
import { basename } from "node:path";

import { shellWord } from "../../../foundation/shell-word.ts";
import { missing } from "../../needs/needs.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStage } from "./host-stage.ts";

const crontabMsMax = 10_000;

export interface HookHere {
  /** For `join`. */
  readonly options: readonly string[];
  /** Why there can be none here, as a sentence; null where there can. */
  readonly why: string | null;
}

/**
 * How an agent is had started again with this host: by the user's crontab, and only where there is none yet. That is
 * the one hook that needs neither root nor a manager that runs, and whoever has a crontab keeps it as it is.
 */
export function hookHere({ place, options: { ledger } }: HostStage): HookHere {
  const absent = missing("crontab");
  if (absent !== null) return { options: [], why: absent.why };
  // Undone after the agent has withdrawn, and after the host was looked at: it is for one that leaves its line there.
  ledger.register({ undo: "clean-crontab", mark: basename(place) });
  return { options: ["--autostart", "crontab"], why: null };
}

/** Whether a line of this user's crontab starts an agent in that home, read by the harness itself. */
export function hasStartupHook(home: string): boolean {
  const { status, stdout } = spawnSync("crontab", ["-l"], { encoding: "utf8", timeout: crontabMsMax });
  // crontab(5): a percent sign is a line break, unless a backslash stands before it.
  const named = shellWord(home).replaceAll("%", String.raw`\%`);
  return status === 0 && stdout.split("\n").some((line) => `${line} `.includes(` ${named} `));
}

/**
 * What is said of the hook of an agent that has joined: that it is gone in the end proves nothing if it never was
 * there.
 *
 * @throws StepError `no-startup-hook`
 */
export function seenHook({ why }: HookHere, { name, home }: { readonly name: string; readonly home: string }): string {
  if (why !== null) return `no startup hook, so nothing is proved of one: ${why.replace(/\.$/, "")}`;
  if (hasStartupHook(home)) return "its line is in the crontab";
  throw new StepError(`${name} joined with --autostart crontab, and no line of the crontab starts it.`, {
    code: "no-startup-hook",
    next: `Read what it did in the run directory's logs/${name}.log.`,
  });
}
