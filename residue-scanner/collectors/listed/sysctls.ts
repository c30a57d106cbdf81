import { type Dirent, readdirSync, statSync } from "node:fs";

import { systemCode } from "../../../foundation/errors.ts";
import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { inDirectory, type Outcome } from "../directory-access.ts";

/** Numbers that the kernel moves by itself: proc_sys_fs(5), proc_sys_kernel(5), random(4). */
const counters = new Set([
  "fs.aio-nr",
  "fs.dentry-state",
  "fs.file-nr",
  "fs.inode-nr",
  "fs.inode-state",
  "kernel.ns_last_pid",
  "kernel.perf_event_max_sample_rate",
  "kernel.pty.nr",
  "kernel.random.entropy_avail",
  "kernel.random.uuid",
  "net.netfilter.nf_conntrack_count",
]);
const counterDirectories = ["fs.quota."];

/** Settings of one network interface are told with it (`network.ts`). */
const ofInterface = /^net\/ipv[46]\/(?:conf|neigh)\/(?!all$|default$)[^/]+$/;

/** Mounted there or not, its entries are told by `kernel/formats.ts`. */
const formats = "fs/binfmt_misc";

/**
 * Every setting below /proc/sys (sysctl(8)).
 *
 * @param options.path a directory there, to read no more
 * @param options.leaves directories there that are not read
 */
export function collectSysctls(
  root = "/proc/sys",
  { path = "", leaves = ofInterface }: { path?: string; leaves?: RegExp } = {},
): ListedReading {
  const facts: ListedFact[] = [];
  const refused: string[] = [];
  readBelow({ root, path, leaves, facts, refused });
  const [first] = refused;
  const unseen = first === undefined ? [] : [`${refused.length} settings cannot be read, ${first} for one`];
  return { facts, unseen };
}

interface Walk {
  readonly root: string;
  /** Below the root, without a slash at either end. */
  readonly path: string;
  /** Directories that are left out. */
  readonly leaves: RegExp;
  readonly facts: ListedFact[];
  readonly refused: string[];
}

function readBelow({ root, path, leaves, facts, refused }: Walk): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(`${root}/${path}`, { withFileTypes: true });
  } catch (error) {
    // An interface, or a mount of binfmt_misc, that went since it was listed; or a host without any of this.
    if (systemCode(error) !== "ENOENT") refused.push(`${root}/${path}`);
    return;
  }
  const placed = (name: string) => (path === "" ? name : `${path}/${name}`);
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  for (const [name, value] of readSettingsIn(path === "" ? root : `${root}/${path}`, files)) {
    if (value === "refused") refused.push(`${root}/${placed(name)}`);
    else if (value !== null) facts.push(settingFact(placed(name), value.text));
  }
  for (const entry of entries) {
    const below = placed(entry.name);
    if (!entry.isDirectory() || leaves.test(below) || below === formats) continue;
    readBelow({ root, path: below, leaves, facts, refused });
  }
}

/** Null for what is only written to, or is gone. Some have no value until one is set, which reads as an error. */
export type Setting = { readonly text: string } | "refused" | null;

/** Settings in one directory, by their names. */
export function readSettingsIn(directory: string, names: readonly string[]): [name: string, value: Setting][] {
  if (names.length === 0) return [];
  return inDirectory(directory, (access) =>
    names.map((name) => [name, settingOf(access.record(name), `${directory}/${name}`)]),
  );
}

function settingOf(outcome: Outcome, path: string): Setting {
  if ("text" in outcome) return { text: outcome.text.trim() };
  const { code } = outcome;
  if (code === "EACCES" || code === "EPERM") return isReadable(path) ? "refused" : null;
  return code === "ENOENT" ? null : { text: `cannot be read: ${code}` };
}

/** Whether anybody may read it; some are there to be written to only, also for root. */
function isReadable(path: string): boolean {
  try {
    return (statSync(path).mode & 0o444) !== 0;
  } catch {
    return false;
  }
}

function settingFact(path: string, value: string): ListedFact {
  const name = path.replaceAll(".", "\0").replaceAll("/", ".").replaceAll("\0", "/");
  const isCounter = counters.has(name) || counterDirectories.some((directory) => name.startsWith(directory));
  return {
    key: name,
    subject: `setting ${name}`,
    location: `/proc/sys/${path}`,
    uid: null,
    attributes: { value },
    ...(isCounter && { isCounter }),
    show: `sysctl ${shellPath(name)}`,
  };
}
