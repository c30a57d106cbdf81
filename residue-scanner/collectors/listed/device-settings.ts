import { type Dirent, readdirSync, type Stats, statSync } from "node:fs";

import type { ListedFact } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { knobDirectories } from "./knobs.ts";
import { readSettingsIn } from "./sysctls.ts";

/** Other surfaces (control groups, BPF, the tracer), what only tells of the hardware, and what is read each time. */
const otherwiseRead = new Set([
  ...["fs/cgroup", "fs/bpf", "fs/selinux", "fs/smackfs", "kernel/config", "kernel/debug", "kernel/security"],
  ...["kernel/tracing", "firmware", "module", "block", "class", "bus", "dev", "devices/virtual/bdi"],
  ...knobDirectories,
]);
/** By their names, of which each device may have one: interfaces and queues are read with those. */
const otherwiseReadOfDevices = new Set(["net", "queue"]);
/** Of which each reading asks the hardware, and may take long. */
const slow = /^(?:hwmon|i2c-|mdio|nvmem|thermal_zone|tpm)/;
/** Orders and contents of the hardware, not settings. */
const noSettings = /^(?:uevent|config|rom|resource\d*(?:_wc)?|shrink|validate|reset|remove|rescan|bind|unbind)$/;
/** What the kernel says of the size of a file that shows one value (sysfs of the kernel's manual). */
const valueBytes = 4_096;
const depthMax = 12;
/** Asked once of each: the kernel decides it when it makes the file. */
const areSettings = new Map<string, boolean>();

/**
 * All else that can be set below /sys: how devices save power, how the kernel keeps its own memory, and what drivers
 * have. Drivers move some of it by themselves.
 */
export function collectDeviceSettings(sys = "/sys"): ListedFact[] {
  return listed(sys).flatMap(({ name }) => settingsBelow(sys, name, 1));
}

function settingsBelow(sys: string, path: string, depth: number): ListedFact[] {
  if (otherwiseRead.has(path) || depth > depthMax) return [];
  const directory = `${sys}/${path}`;
  const entries = listed(directory);
  const names = entries.filter((entry) => entry.isFile() && isSetting(directory, entry.name)).map(({ name }) => name);
  const below = entries.filter(
    (entry) => entry.isDirectory() && !otherwiseReadOfDevices.has(entry.name) && !slow.test(entry.name),
  );
  return [
    ...readSettingsIn(directory, names).flatMap(([name, value]) =>
      value === null || value === "refused" || value.text.startsWith("cannot be read")
        ? []
        : [settingFact(`${directory}/${name}`, value.text)],
    ),
    ...below.flatMap(({ name }) => settingsBelow(sys, `${path}/${name}`, depth + 1)),
  ];
}

function settingFact(location: string, value: string): ListedFact {
  return {
    key: location,
    subject: `setting ${location}`,
    location,
    uid: null,
    attributes: { value },
    movesInUse: ["value"],
    show: `cat ${shellPath(location)}`,
  };
}

function listed(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // A device that went since it was listed, or not this user's to look at.
    return [];
  }
}

function isSetting(directory: string, name: string): boolean {
  if (noSettings.test(name)) return false;
  const path = `${directory}/${name}`;
  const known = areSettings.get(path);
  if (known !== undefined) return known;
  const stats = statOf(path);
  const answer =
    stats !== null && (stats.mode & 0o200) !== 0 && (stats.mode & 0o444) !== 0 && stats.size === valueBytes;
  areSettings.set(path, answer);
  return answer;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
