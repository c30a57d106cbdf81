import type { Enclosure } from "./enclosure.ts";
import type { JobCgroups } from "./job-cgroups.ts";
import { countsProcessesAlone, type JobLimits, unlimited } from "./job-limits.ts";
import { measureIntervalMs } from "./workspace-watch.ts";

/** What a driver cannot promise on this machine, as sentences for the donor. */
export function driverCannot({
  enclosure,
  cgroups,
  limits,
  adopts,
}: {
  readonly enclosure: Enclosure;
  readonly cgroups: JobCgroups | null;
  readonly limits: JobLimits;
  /** Whether processes that lose their parent become the agent's own children. */
  readonly adopts: boolean;
}): string[] {
  return [
    ...enclosure.cannot,
    ...searchCannot({ cgroups, kept: enclosure.kept, adopts }),
    `A single file cannot outgrow a job's size cap, but many files together can: they are measured every ${measureIntervalMs / 1_000} s, less often where that takes long, and the job is ended for what was found.`,
    ...unlimited({
      enabled: cgroups?.controllers ?? new Set(),
      limits,
      countsAlone: countsProcessesAlone({ ownUsers: enclosure.kept }),
    }),
  ];
}

/** What the search for processes that nothing holds together may miss; a PID namespace holds them. */
function searchCannot({
  cgroups,
  kept,
  adopts,
}: {
  cgroups: JobCgroups | null;
  kept: boolean;
  adopts: boolean;
}): string[] {
  const outrun =
    "Without cgroups, a job that forks without pause can outrun the search; the freeze then names who still runs.";
  const hidden = adopts
    ? "one that has left all three is still found, as long as this agent is not killed: its next start does not find it"
    : "one that leaves all three before it was first seen, within about a second, is not found, and no report counts it";
  if (cgroups !== null) {
    if (kept || process.getuid?.() !== 0) return [];
    return [
      `Jobs run as root here, and root may move itself out of its cgroup: it is then found by session, parent and environment; ${hidden}.`,
    ];
  }
  if (kept) return [outrun];
  return [
    `No cgroup of version 2 can be made by this user, so a job's processes are found by session, parent and environment; ${hidden}.`,
    outrun,
    "Without cgroups, a program that changes its user (setuid) can be neither stopped nor ended by an ordinary user.",
  ];
}
