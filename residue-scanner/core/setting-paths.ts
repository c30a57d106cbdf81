import type { ListedDifference, ProcessDifference } from "./difference.ts";
import type { ListedFact } from "./fact.ts";

/** A setting of a network namespace other than the recorder's own: by its path it cannot be told from that of here. */
export function settingElsewhere(path: string): string {
  return `${path} in another namespace`;
}

/** Files by which the kernel is told to make what it lists, or to change it. */
export function settingPaths(difference: ListedDifference): string[] {
  if (difference.surface === "network") return interfaceSettings(difference);
  if (difference.surface === "storage") return diskControls(difference);
  if (difference.surface === "kernel") return kernelControls(difference);
  if (difference.surface !== "sysctls" || !/^net:\[\d+\] settings$/.test(difference.key)) return [];
  return difference.changed.map((name) => settingElsewhere(`/proc/sys/${slashed(name)}`));
}

/** Disks in compressed memory are made, filled and taken away by writing, and even reading, files (zram of the manual). */
function diskControls({ key }: ListedDifference): string[] {
  if (!key.startsWith("zram")) return [];
  const own = ["disksize", "reset", "backing_dev"].map((name) => `/sys/block/${key}/${name}`);
  return [...own, "/sys/class/zram-control/hot_add", "/sys/class/zram-control/hot_remove"];
}

/** Each event has a switch of its own, each system of events one, and all of them one more. */
function eventSwitches({ changed, before, after }: Pick<ListedDifference, "changed" | "before" | "after">): string[] {
  if (!changed.includes("set_event")) return [];
  const linesOf = (fact: ListedFact | null) => String(fact?.attributes["set_event"] ?? "").split("\n");
  const [was, is] = [new Set(linesOf(before)), new Set(linesOf(after))];
  const events = [...was.symmetricDifference(is)].filter(Boolean);
  const directories = events.flatMap((event) => {
    const [system = "", name = ""] = event.split(":");
    return [`events/${system}/${name}`, `events/${system}`];
  });
  const root = (after ?? before)?.location ?? "";
  return [...new Set([...directories, "events"])].map((directory) => `${root}/${directory}/enable`);
}

/** The settings of an interface are told with it, as attributes like `ipv4/conf/forwarding`. */
function interfaceSettings({ key, changed }: ListedDifference): string[] {
  if (!key.startsWith("interface ")) return [];
  const name = key.slice("interface ".length);
  return changed.flatMap((attribute) => {
    if (attribute.startsWith("sys/")) return [`/sys/class/net/${name}/${attribute.slice("sys/".length)}`];
    const [, kind, setting] = /^(ipv[46]\/(?:conf|neigh))\/(.+)$/.exec(attribute) ?? [];
    return kind === undefined
      ? []
      : [`/proc/sys/net/${kind}/${name}/${setting}`, `/proc/sys/net/${kind}/all/${setting}`];
  });
}

/** Where somebody makes events for the tracer (ftrace of the kernel's manual). */
const eventControls = ["dynamic_events", "kprobe_events", "uprobe_events", "synthetic_events"];

/** What is set of an instance of the tracer stands in its directory; a format of programs is made by `register` beside it. */
function kernelControls({ key, changed, before, after }: ListedDifference): string[] {
  const { location = "" } = after ?? before ?? {};
  const directory = location.slice(0, location.lastIndexOf("/"));
  if (key.startsWith("tracer "))
    return [...changed.map((attribute) => `${location}/${attribute}`), ...eventSwitches({ changed, before, after })];
  if (key.startsWith("format ")) return [`${directory}/register`, location];
  if (!key.startsWith("event ")) return [];
  const tracing = location.slice(0, location.indexOf("/dynamic_events: "));
  return eventControls.map((name) => `${tracing}/${name}`);
}

/** What can be set of a process by writing to a file of it, and which; that of a thread may be the whole process's (proc(5)). */
const processFiles: Readonly<Record<string, readonly string[]>> = {
  oomScoreAdjust: ["oom_score_adj", "oom_adj", "task/PID/oom_score_adj"],
  timerSlackNs: ["timerslack_ns"],
  coreDumpFilter: ["coredump_filter", "task/PID/coredump_filter"],
  autogroupNice: ["autogroup"],
};

/**
 * Whether all that changed of a process is such that whoever did it was seen: by writing to files, by a signal, or, of a
 * thread, by a call that names it; threads set the most of it of themselves.
 */
export function isSeenInFull({ changed }: Pick<ProcessDifference, "changed">): boolean {
  return (
    changed.length > 0 &&
    changed.every((name) => name === "stopped" || name === "threads" || Object.hasOwn(processFiles, name))
  );
}

/** Whether it is a process's own doing: what it runs and as whom nobody sets of another's (but a tracer, who is told). */
export function isOwnDoing(name: string): boolean {
  return name === "executable" || name === "uid";
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

/** Where settings of a control group are written: what may be done with devices to other files than it is read from. */
export function cgroupSettingPaths(directory: string, names: readonly string[]): string[] {
  const files = names.flatMap((name) => (name === "devices.list" ? ["devices.allow", "devices.deny"] : [name]));
  return files.map((file) => `${directory}/${file}`);
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
