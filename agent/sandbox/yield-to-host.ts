import { readFileSync, writeFileSync } from "node:fs";

/**
 * A guest runs when the host has nothing better to do. But who waits for a CPU behind the host's own work also stops
 * late: measured on a host with three busy processes a CPU, jobs at niceness 19 took 500 ms to stop, and 15 ms at 0,
 * where 10 ms is promised (L4). So a job yields only where the agent may hurry it when it is to stop: as root, through
 * the niceness of its session's scheduling group (sched(7), "The autogroup feature"). Elsewhere it competes as an
 * ordinary program does, and the donor's word still stops it.
 */

const niceness = { yielding: "19", ordinary: "0", raised: "-1", first: "-20" } as const;

/**
 * Makes a new session yield. Returns whether it does: only then may and must it be hurried.
 *
 * Raising is tried before, because an ordinary user may lower, but not raise again, nor change often; and by a single
 * step, because the job runs already. Before everything else it kept the agent from its next line, and the host from
 * its processors: for three minutes, seen of a job that burns in 31 processes on two.
 */
export function yieldToHost(pid: number): boolean {
  return autogroupsCount() && set(pid, niceness.ordinary) && set(pid, niceness.raised) && set(pid, niceness.yielding);
}

/**
 * Lets the sessions of these processes come to stop or end. Only after the stop was asked for: jobs that run before
 * everything else and are not stopping keep even the agent from its CPU (measured: for 20 s).
 *
 * @param how `first` where nothing in them can run on any more, forks included (cgroups); else `ordinary`
 */
export function hurry(pids: Iterable<number>, how: "first" | "ordinary"): void {
  for (const pid of pids) set(pid, niceness[how]);
}

export function calm(pids: Iterable<number>): void {
  for (const pid of pids) set(pid, niceness.yielding);
}

/** Where autogroups are switched off, their niceness can be written, and means nothing. */
function autogroupsCount(): boolean {
  try {
    return readFileSync("/proc/sys/kernel/sched_autogroup_enabled", "latin1").startsWith("1");
  } catch {
    return false;
  }
}

function set(pid: number, value: string): boolean {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, value);
    return true;
  } catch {
    // It has ended, this user may not, or the kernel has no autogroups: then it does not yield.
    return false;
  }
}
