import type { Enclosure } from "./enclosure.ts";
import type { JobCgroups } from "./job-cgroups.ts";
import { countsProcessesAlone, type JobLimits, unlimited } from "./job-limits.ts";
import { measureIntervalMs } from "./workspace-watch.ts";

/** What a driver cannot promise on this machine, as sentences for the donor. */
export function driverCannot({
  enclosure,
  cgroups,
  limits,
}: {
  readonly enclosure: Enclosure;
  readonly cgroups: JobCgroups | null;
  readonly limits: JobLimits;
}): string[] {
  return [
    ...enclosure.cannot,
    ...searchCannot({ cgroups, kept: enclosure.kept }),
    `A single file cannot outgrow a job's size cap, but many files together can: they are measured every ${measureIntervalMs / 1_000} s, less often where that takes long, and the job is ended for what was found.`,
    ...unlimited({
      enabled: cgroups?.controllers ?? new Set(),
      limits,
      countsAlone: countsProcessesAlone({ ownUsers: enclosure.kept }),
    }),
  ];
}

/** What the search for processes that nothing holds together may miss; a PID namespace holds them. */
function searchCannot({ cgroups, kept }: { cgroups: JobCgroups | null; kept: boolean }): string[] {
  const outrun =
    "Without cgroups, a job that forks without pause can outrun the search; the freeze then names who still runs.";
  if (cgroups !== null) {
    if (kept || process.getuid?.() !== 0) return [];
    return [
      "Jobs run as root here, and root may move itself out of its cgroup: it is then found by session, parent and environment only.",
    ];
  }
  if (kept) return [outrun];
  return [
    "No cgroup of version 2 can be made by this user, so a job's processes are found by session, parent and environment: one that leaves all three before it was first seen, within about a second, is not found.",
    outrun,
    "Without cgroups, a program that changes its user (setuid) can be neither stopped nor ended by an ordinary user.",
  ];
}
