import { type Dirent, readdirSync, statSync } from "node:fs";

import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { KernelTexts } from "./read-text.ts";
import { shellPath } from "../../core/path-text.ts";
import { readSettingsIn } from "./sysctls.ts";

/** What is set of a disk's queue (queue-sysfs of the kernel's manual). */
const queueFiles = (
  "scheduler nr_requests read_ahead_kb rotational rq_affinity add_random iostats nomerges max_sectors_kb wbt_lat_usec " +
  "write_cache io_poll discard_max_bytes"
).split(" ");
/** Directories of settings, of which all that anybody may write is read. */
export const knobDirectories = [
  ...["kernel/mm", "devices/virtual/workqueue", "devices/system/cpu/cpufreq", "devices/system/cpu/smt"],
  // Of mounted file systems, and where the kernel takes its time from.
  ...["fs/btrfs", "fs/ext4", "fs/f2fs", "fs/xfs", "devices/system/clocksource"],
];
const single = [
  ...["kernel/profiling", "kernel/rcu_expedited", "kernel/rcu_normal", "devices/system/memory/auto_online_blocks"],
  ...["power/mem_sleep", "power/pm_async", "power/image_size", "power/disk"],
];
/** How much of what waits to be written is of one disk (sysfs-class-bdi of the kernel's manual). */
const writebackFiles = ["min_ratio", "max_ratio", "strict_limit"];
const depthMax = 4;
/** Anybody may reset these, and the kernel counts on: commits (fs/btrfs/sysfs.c), segments and atomic writes (sysfs-fs-f2fs). */
const counters =
  /^fs\/(?:btrfs\/[^/]+\/commit_stats|f2fs\/[^/]+\/(?:gc_reclaimed_segments|(?:current|peak|committed|revoked)_atomic_\w+))$/;
/** Asked once of each: the kernel decides it when it makes the file. */
const areSettings = new Map<string, boolean>();

/** Settings of the kernel below /sys: disks, memory, processors and parameters of modules. */
export function collectKnobs(sys = "/sys", proc = "/proc"): ListedReading {
  const texts = new KernelTexts();
  const paths = [
    ...texts.names(`${sys}/block`).flatMap((disk) => queueFiles.map((file) => `block/${disk}/queue/${file}`)),
    ...knobDirectories.flatMap((directory) => settingsBelow(sys, directory)).filter((path) => !counters.test(path)),
    ...texts
      .names(`${sys}/devices/virtual/bdi`)
      .flatMap((device) => writebackFiles.map((file) => `devices/virtual/bdi/${device}/${file}`)),
    ...processors(texts, sys),
    ...parameters(texts, sys),
    ...single,
  ];
  const refused: string[] = [];
  const interrupts = texts.names(`${proc}/irq`).filter((name) => /^\d+$/.test(name));
  const locations = [
    ...paths.map((path) => `${sys}/${path}`),
    ...interrupts.map((number) => `${proc}/irq/${number}/smp_affinity`),
    `${proc}/irq/default_smp_affinity`,
  ];
  const facts = [...Map.groupBy(locations, directoryOf)].flatMap(([directory, inIt]) => {
    const names = inIt.map((location) => location.slice(directory.length + 1));
    return readSettingsIn(directory, names).flatMap(([name, value]): ListedFact[] => {
      const location = `${directory}/${name}`;
      if (value === "refused") refused.push(location);
      if (value === null || value === "refused") return [];
      const attributes = { value: value.text };
      return [
        {
          key: location,
          subject: `setting ${location}`,
          location,
          uid: null,
          attributes,
          show: `cat ${shellPath(location)}`,
        },
      ];
    });
  });
  const hidden = refused.length === 0 ? [] : [`${refused.length} settings cannot be read, ${refused[0]} for one`];
  const absent =
    listed(sys).length === 0 ? [`${sys} shows nothing: it is not mounted, or not this user's to read`] : [];
  return { facts, unseen: [...absent, ...texts.unseen(), ...hidden] };
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Whether each takes part, and how fast it may run. */
function processors(texts: KernelTexts, sys: string): string[] {
  const directory = "devices/system/cpu";
  return texts
    .names(`${sys}/${directory}`)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${directory}/${name}/online`);
}

function parameters(texts: KernelTexts, sys: string): string[] {
  return texts.names(`${sys}/module`).flatMap((name) => settingsBelow(sys, `module/${name}/parameters`));
}

/** What is never written to counts, or tells what the hardware is. */
function settingsBelow(sys: string, directory: string, depth = 1): string[] {
  return listed(`${sys}/${directory}`).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    // How a device of the kernel's own saves power nobody sets.
    if (entry.isDirectory())
      return depth < depthMax && entry.name !== "power" ? settingsBelow(sys, path, depth + 1) : [];
    return entry.isFile() && isSetting(`${sys}/${path}`) ? [path] : [];
  });
}

function listed(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // A kernel without it, or what went since it was listed.
    return [];
  }
}

function isSetting(path: string): boolean {
  const known = areSettings.get(path);
  if (known !== undefined) return known;
  try {
    const { mode } = statSync(path);
    const answer = (mode & 0o200) !== 0 && (mode & 0o444) !== 0;
    areSettings.set(path, answer);
    return answer;
  } catch {
    return false;
  }
}
