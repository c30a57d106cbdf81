import type { ListedDifference, ProcessDifference } from "./difference.ts";

/** Files by which the kernel is told to make what it lists, or to change it. */
export function settingPaths(difference: ListedDifference): string[] {
  if (difference.surface === "network") return interfaceSettings(difference);
  return difference.surface === "kernel" ? kernelControls(difference) : [];
}

/** The settings of an interface are told with it, as attributes like `ipv4/conf/forwarding`. */
function interfaceSettings({ key, changed }: ListedDifference): string[] {
  if (!key.startsWith("interface ")) return [];
  const name = key.slice("interface ".length);
  return changed.flatMap((attribute) => {
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
  if (key.startsWith("tracer ")) return changed.map((attribute) => `${location}/${attribute}`);
  if (key.startsWith("format ")) return [`${directory}/register`, location];
  if (!key.startsWith("event ")) return [];
  const tracing = location.slice(0, location.indexOf("/dynamic_events: "));
  return eventControls.map((name) => `${tracing}/${name}`);
}

/** Where the out-of-memory score of a process is set; that of a thread is the whole process's (proc_pid_oom_score_adj(5)). */
export function processSettingPaths({ before, after }: ProcessDifference): string[] {
  const pid = (after ?? before)?.pid;
  return pid === undefined
    ? []
    : ["oom_score_adj", "oom_adj", `task/${pid}/oom_score_adj`].map((name) => `/proc/${pid}/${name}`);
}
