import { systemClock } from "../../foundation/clock.ts";
import { type DriverState, scanWhere, yieldingIn } from "./driver-state.ts";
import type { JobCgroups } from "./job-cgroups.ts";
import type { FreezeResult } from "./port.ts";
import { identify, readProcess } from "./proc-stat.ts";
import type { Member } from "./process-table.ts";
import { stopProcesses } from "./stop-processes.ts";
import { calm, hurry } from "./yield-to-host.ts";

export interface Frozen extends FreezeResult {
  readonly stopped: readonly Member[];
}

/**
 * Stops every process of every sandbox; synchronous.
 *
 * @param onAsked called once nothing in the cgroups can run on, and before that is waited for: whatever of this process
 *   is before the jobs then, keeps them from the processors that they stop on
 */
export function freezeSandboxes(shared: DriverState, onAsked: () => void): Frozen {
  const startedAt = systemClock.monotonicMs();
  let hurried: readonly number[] = [];
  const hurryAs = (how: "first" | "ordinary"): void => {
    // Looked up only once the stop is asked for: it reads /proc, which a process that changes its memory holds up.
    const found = yieldingIn(shared, [...shared.live.values()]);
    hurried = [...hurried, ...found.filter((pid) => !hurried.includes(pid))];
    hurry(hurried, how);
  };
  const { processes, running, stopped } = freezeHurried(shared, { hurryAs, onAsked });
  const freezeMs = systemClock.monotonicMs() - startedAt;
  calm(hurried);
  return { freezeMs, processes, running, stopped };
}

function freezeHurried(
  { cgroups, live, scan, table }: DriverState,
  { hurryAs, onAsked }: { readonly hurryAs: (how: "first" | "ordinary") => void; readonly onAsked: () => void },
): Omit<Frozen, "freezeMs"> {
  const all = freezeCgroups(cgroups, () => {
    hurryAs("first");
    onAsked();
  });
  if (live.size === 0) return { processes: 0, running: [], stopped: [] };
  const pidsInside = (): Set<number> => new Set(all === null ? [] : cgroups?.pids().keys());
  let inside = pidsInside();
  let round = 0;
  // With cgroups, those outside are the exception, and all the others are stopped already: one clean round will do.
  const outside = stopProcesses({
    find(onFound) {
      // Who was told to stop while it was being launched may enter its frozen cgroup first, and sleeps there instead.
      round += 1;
      if (round > 1) inside = pidsInside();
      return scanWhere({ scan, where: (member) => !inside.has(member.pid) })({
        fresh: true,
        outsideOnly: true,
        onFound,
      });
    },
    // Who stands still in a cgroup would be stopped a second time, and stay so.
    remembered: all === null ? table.remembered() : [],
    cleanRounds: all === null ? 2 : 1,
    onAsked: () => hurryAs(all === null ? "ordinary" : "first"),
  });
  const stillAll = round > 1 && all === true ? freezeCgroups(cgroups, () => undefined) : all;
  const unfrozen = stillAll !== false ? [] : [...inside].map(readProcess).filter((stat) => stat !== null);
  const running = [...outside.running, ...unfrozen.filter((stat) => stat.state === "R" || stat.state === "D")];
  return {
    processes: inside.size + outside.processes,
    running: running.map(identify),
    stopped: outside.stopped,
  };
}

/** Whether all in the cgroups was seen stopped; null where there are none to rely on. */
function freezeCgroups(cgroups: JobCgroups | null, onAsked: () => void): boolean | null {
  try {
    return cgroups?.freeze(onAsked) ?? null;
  } catch {
    // Somebody removed the cgroup under us: the donor's word holds all the same, by SIGSTOP.
    return null;
  }
}
