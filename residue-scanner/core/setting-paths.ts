import type { ListedDifference, ProcessDifference } from "./difference.ts";

/** A setting of a network namespace other than the recorder's own: by its path it cannot be told from that of here. */
export function settingElsewhere(path: string): string {
  return `${path} in another namespace`;
}

/** The settings of an interface are told with it, as attributes like `ipv4/conf/forwarding`. */
export function settingPaths({ surface, key, changed }: ListedDifference): string[] {
  if (surface === "sysctls" && /^net:\[\d+\] settings$/.test(key))
    return changed.map((name) => settingElsewhere(`/proc/sys/${slashed(name)}`));
  if (surface !== "network" || !key.startsWith("interface ")) return [];
  const name = key.slice("interface ".length);
  return changed.flatMap((attribute) => {
    if (attribute.startsWith("sys/")) return [`/sys/class/net/${name}/${attribute.slice("sys/".length)}`];
    const [, kind, setting] = /^(ipv[46]\/(?:conf|neigh))\/(.+)$/.exec(attribute) ?? [];
    return kind === undefined
      ? []
      : [`/proc/sys/net/${kind}/${name}/${setting}`, `/proc/sys/net/${kind}/all/${setting}`];
  });
}

/** What can be set of a process by writing to a file of it, and which; that of a thread may be the whole process's (proc(5)). */
const processFiles: Readonly<Record<string, readonly string[]>> = {
  oomScoreAdjust: ["oom_score_adj", "oom_adj", "task/PID/oom_score_adj"],
  timerSlackNs: ["timerslack_ns"],
  coreDumpFilter: ["coredump_filter", "task/PID/coredump_filter"],
  autogroupNice: ["autogroup"],
};

/** Whether all that changed of a process is set by writing to files, so that whoever did it was seen. */
export function isSetByFiles({ changed }: Pick<ProcessDifference, "changed">): boolean {
  return changed.length > 0 && changed.every((name) => Object.hasOwn(processFiles, name));
}

/** Where what changed of a process is set. */
export function processSettingPaths({ before, after, changed }: ProcessDifference): string[] {
  const fact = after ?? before;
  if (fact === null) return [];
  const { pid, session } = fact;
  return changed.flatMap((name) => {
    const files = (processFiles[name] ?? []).map((file) => `/proc/${pid}/${file.replace("PID", String(pid))}`);
    // It is the whole session's.
    return name === "autogroupNice" && session !== pid ? [...files, `/proc/${session}/autogroup`] : files;
  });
}

/** Where a process is put into the control groups that it is in now, of those that changed. */
export function membershipPaths(
  { changed, after }: ProcessDifference,
  directoryOf: (cgroup: string) => string | null,
): string[] {
  const older = changed.includes("olderCgroups") ? (after?.olderCgroups ?? []) : [];
  const now = changed.includes("cgroup") ? [after?.cgroup ?? null] : [];
  return [...now, ...older].flatMap((cgroup) => {
    const directory = cgroup === null ? null : directoryOf(cgroup);
    return directory === null ? [] : ["cgroup.procs", "tasks", "cgroup.threads"].map((file) => `${directory}/${file}`);
  });
}

/** The other way round than sysctl(8) writes it: a dot in a name of a path is a slash there. */
function slashed(name: string): string {
  return name.replaceAll("/", "\0").replaceAll(".", "/").replaceAll("\0", ".");
}
