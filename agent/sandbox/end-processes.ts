import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

import { systemClock } from "../../foundation/clock.ts";
import { systemCode } from "../../foundation/errors.ts";
import { killCgroup } from "./cgroup.ts";
import type { EndPace } from "./end-pace.ts";
import type { TerminationResult } from "./port.ts";
import { identify } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";
import { keyOf, signalMembers, stopProcesses } from "./stop-processes.ts";

/**
 * Finds all that are alive: a little old unless `fresh`; with `onFound` always fresh, and each at once. With
 * `outsideOnly`, those outside the cgroups are sure to be among them, and some inside.
 */
export type Find = (look: {
  readonly fresh: boolean;
  readonly onFound?: (member: Member) => void;
  readonly outsideOnly?: boolean;
}) => Member[];

/** Processes that are to be ended. */
export interface Quarry {
  readonly find: Find;
  /** Cgroups that hold nothing else. */
  readonly cgroups: readonly string[];
  /** Takes off every freeze that keeps them from hearing a signal. */
  readonly thaw: () => void;
  /** Called when they were told to die, for which they need a CPU too. */
  readonly hurry: () => void;
  /** Processes that only serve the others (`Keepers`): they hear no TERM, and are told to go once they are alone. */
  readonly isKeeper?: (member: Member) => boolean;
  readonly dismissKeepers?: () => void;
}

/** How often a wait looks for itself, besides being woken by cgroup.events. */
const lookIntervalMs = 15;
/** How many fresh looks must find nothing before nothing is believed, and how far they are apart. */
const freshLooksMin = 2;
const recheckMs = 2;
/** After how long KILL is sent again to what is still there. */
const killAgainMs = 500;
/** How often TERM is sent to those that were forked while it was being sent. */
const termRoundsMax = 3;

/**
 * Ends processes: TERM, and KILL to what is left after the grace, until none is left or the deadline has passed, as the
 * pace has it at any time. A frozen process is sent TERM before it is thawed, so that it hears it before it runs a
 * single further instruction.
 */
export async function endProcesses(quarry: Quarry, pace: EndPace): Promise<TerminationResult> {
  const { isKeeper = () => false, dismissKeepers = () => undefined } = quarry;
  const seen = new Set<string>();
  const find: Find = (look) => {
    const members = quarry.find(look);
    const served = members.filter((member) => !isKeeper(member));
    for (const member of served) seen.add(keyOf(member));
    // They still report how the others ended, and so are not killed with them.
    if (served.length === 0) dismissKeepers();
    return members;
  };
  let left = find({ fresh: true });
  if (left.length === 0 && quarry.cgroups.length === 0) return { terminated: 0, left: [] };
  const changes = watchCgroups(quarry.cgroups);
  pace.onHurried(() => changes.wake());
  try {
    for (let heeded = 0; pace.graces > heeded && systemClock.monotonicMs() < pace.killAt; ) {
      const asked = pace.graces;
      // TERM once: what came later belongs to the clean-up of those who heard it.
      if (heeded === 0) tellToEnd({ find, isKeeper });
      letGoOn({ find, thaw: quarry.thaw });
      heeded = asked;
      left = await waitUntilGone({ find, changes, until: () => (pace.graces > asked ? 0 : pace.killAt) });
      if (left.length === 0) break;
    }
    while (left.length > 0) {
      for (const cgroup of quarry.cgroups) killAll(cgroup);
      killToFixedPoint(find);
      quarry.hurry();
      const againAt = systemClock.monotonicMs() + killAgainMs;
      left = await waitUntilGone({ find, changes, until: () => Math.min(pace.deadline, againAt) });
      if (systemClock.monotonicMs() >= pace.deadline) break;
    }
  } finally {
    changes.close();
  }
  return { terminated: seen.size - left.filter((member) => !isKeeper(member)).length, left: left.map(identify) };
}

function tellToEnd({ find, isKeeper }: { find: Find; isKeeper: (member: Member) => boolean }): void {
  const told = new Set<string>();
  for (let round = 1; round <= termRoundsMax; round += 1) {
    const untold = find({ fresh: true }).filter((member) => !told.has(keyOf(member)) && !isKeeper(member));
    if (untold.length === 0) break;
    signalMembers(untold, "SIGTERM");
    for (const member of untold) told.add(keyOf(member));
  }
}

/** Ends whatever keeps any of them from running. */
function letGoOn({ find, thaw }: { find: Find; thaw: () => void }): void {
  thaw();
  // Also those that had stopped themselves: a stopped process would not hear the TERM.
  signalMembers(find({ fresh: true }), "SIGCONT");
}

/** Stopped first, so that none of them can fork away from the killing. */
function killToFixedPoint(find: Find): void {
  const { processes } = stopProcesses({ find: (onFound) => find({ fresh: true, onFound }), cleanRounds: 2 });
  if (processes > 0) signalMembers(find({ fresh: true }), "SIGKILL");
}

function killAll(cgroup: string): void {
  try {
    killCgroup(cgroup);
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENODEV") throw error;
  }
}

/**
 * Returns those still alive at `until`. None is believed only after as many fresh looks in a row: a process that ends
 * as it forks may slip through one.
 */
async function waitUntilGone({
  find,
  changes,
  until,
}: {
  find: Find;
  changes: Changes;
  until: () => number;
}): Promise<Member[]> {
  for (let empty = 0; ; ) {
    const left = find({ fresh: empty > 0 });
    empty = left.length === 0 ? empty + 1 : 0;
    const restMs = until() - systemClock.monotonicMs();
    // One more than the looks that must be fresh: the first may be old.
    if (empty > freshLooksMin || (left.length > 0 && restMs <= 0)) return left;
    await changes.next(empty > 0 ? recheckMs : Math.min(restMs, lookIntervalMs));
  }
}

interface Changes {
  /** Resolves at the next change of a cgroup, or after `ms`. */
  next(ms: number): Promise<void>;
  /** Resolves it now. */
  wake(): void;
  close(): void;
}

/** The kernel reports a change of `populated` in cgroup.events as a modification of that file. */
function watchCgroups(cgroups: readonly string[]): Changes {
  let wake = (): void => undefined;
  const watchers: FSWatcher[] = [];
  for (const cgroup of cgroups) {
    try {
      const watcher = watch(join(cgroup, "cgroup.events"), { persistent: false }, () => wake());
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // The cgroup is gone, or the host's inotify watches are used up: the interval alone must do.
    }
  }
  return {
    next: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}
