import type { ListedDifference, ProcessDifference } from "./difference.ts";

/** The settings of an interface are told with it, as attributes like `ipv4/conf/forwarding`. */
export function settingPaths({ surface, key, changed }: ListedDifference): string[] {
  if (surface !== "network" || !key.startsWith("interface ")) return [];
  const name = key.slice("interface ".length);
  return changed.flatMap((attribute) => {
    const [, kind, setting] = /^(ipv[46]\/(?:conf|neigh))\/(.+)$/.exec(attribute) ?? [];
    return kind === undefined
      ? []
      : [`/proc/sys/net/${kind}/${name}/${setting}`, `/proc/sys/net/${kind}/all/${setting}`];
  });
}

/** Where the out-of-memory score of a process is set; that of a thread is the whole process's (proc_pid_oom_score_adj(5)). */
export function processSettingPaths({ before, after }: ProcessDifference): string[] {
  const pid = (after ?? before)?.pid;
  return pid === undefined
    ? []
    : ["oom_score_adj", "oom_adj", `task/${pid}/oom_score_adj`].map((name) => `/proc/${pid}/${name}`);
}
