import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { cgroupMount, mayDelegate } from "../../agent/sandbox/cgroup.ts";
import type { FaultContext } from "./fault.ts";

export type Controller = "cpu" | "pids";

/** A place in a hierarchy of cgroups of which this user may use the controller. */
interface Hierarchy {
  readonly version: 1 | 2;
  /** Where a cgroup with a limit can be made. */
  readonly parent: string;
}

/**
 * Where processes can be limited: in version 2, whose root hands the controller to what is right below it, or in a
 * hierarchy of version 1 (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/); undefined where in neither.
 */
export function controlledBy(controller: Controller): Hierarchy | undefined {
  const unified = cgroupMount();
  if (unified !== null && mayDelegate(unified) && handsDown(unified, controller))
    return { version: 2, parent: unified };
  const mounted = mountOf(controller);
  return mounted !== undefined && mayDelegate(mounted) ? { version: 1, parent: mounted } : undefined;
}

/**
 * Makes a cgroup with limits and moves processes into it; written ahead, so that they go back to where they were.
 *
 * @param limits the files to write, by the version of the hierarchy
 * @returns the cgroup's path
 */
export function limitInCgroup(
  { id, writeAhead }: Pick<FaultContext, "id" | "writeAhead">,
  hierarchy: Hierarchy,
  {
    controller,
    pids,
    limits,
  }: { controller: Controller; pids: readonly number[]; limits: Readonly<Record<1 | 2, Limits>> },
): string {
  const path = join(hierarchy.parent, `houseguest-${id}`);
  const [first] = pids;
  const to = first === undefined ? hierarchy.parent : cgroupOfProcess(first, { hierarchy, controller });
  writeAhead({ undo: "leave-cgroup", path, to });
  mkdirSync(path);
  for (const [file, value] of Object.entries(limits[hierarchy.version])) writeFileSync(join(path, file), value);
  for (const pid of pids) writeFileSync(join(path, "cgroup.procs"), String(pid));
  return path;
}
type Limits = Readonly<Record<string, string>>;

/** A figure of a cgroup's file of names and figures; 0 where it is not there. */
export function figure(path: string, file: string, name: string): number {
  const text = readFileSync(join(path, file), "utf8");
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}

function cgroupOfProcess(
  pid: number,
  { hierarchy: { version, parent }, controller }: { hierarchy: Hierarchy; controller: Controller },
): string {
  for (const line of readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n")) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (version === 2 ? controllers === "" : controllers.split(",").includes(controller)) return join(parent, path);
  }
  return parent;
}

function handsDown(mount: string, controller: Controller): boolean {
  const file = join(mount, "cgroup.subtree_control");
  return existsSync(file) && readFileSync(file, "utf8").trim().split(" ").includes(controller);
}

function mountOf(controller: Controller): string | undefined {
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, path, of, options = ""] = line.split(" ");
    if (of === "cgroup" && options.split(",").includes(controller)) return path;
  }
  return undefined;
}
