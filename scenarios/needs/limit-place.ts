import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The controllers that hold a job from outside of the agent. */
export type LimitController = "pids" | "memory";

/** Where cgroups with a limit can be made: below this directory, by the files of that version. */
export interface LimitPlace {
  readonly version: 1 | 2;
  readonly path: string;
}

/**
 * Where this user can put processes under a limit of that controller, at this process's own place in its hierarchy; null
 * where nowhere. Version 1 comes first: it holds a limit of its own beside whatever the agent makes of version 2, where
 * a cgroup with processes in it hands no controller down (cgroups(7), "no internal processes").
 */
export function limitedBy(controller: LimitController): LimitPlace | null {
  return versionOne(controller) ?? versionTwo(controller);
}

function versionOne(controller: LimitController): LimitPlace | null {
  const mounted = mounts().find(({ type, options }) => type === "cgroup" && options.split(",").includes(controller));
  if (mounted === undefined) return null;
  const own = ownPath((controllers) => controllers.split(",").includes(controller));
  // A container may show its own part of the hierarchy as all there is.
  return usable({ version: 1, path: join(mounted.path, own) }) ?? usable({ version: 1, path: mounted.path });
}

/** Only where the cgroup above hands the controller down already: what is not ours is left as it is. */
function versionTwo(controller: LimitController): LimitPlace | null {
  const mounted = mounts().find(({ type }) => type === "cgroup2");
  if (mounted === undefined) return null;
  const path = join(
    mounted.path,
    ownPath((controllers) => controllers === ""),
  );
  const handedDown = text(join(path, "cgroup.subtree_control")).trim().split(/\s+/).includes(controller);
  return handedDown ? usable({ version: 2, path }) : null;
}

function usable(place: LimitPlace): LimitPlace | null {
  try {
    if (!existsSync(place.path)) return null;
    accessSync(place.path, constants.W_OK);
    accessSync(join(place.path, "cgroup.procs"), constants.W_OK);
    return place;
  } catch {
    return null;
  }
}

function mounts(): { path: string; type: string; options: string }[] {
  return text("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" "))
    .map(([, path = "", type = "", options = ""]) => ({ path, type, options }));
}

/** This process's place below the mount, by what /proc/self/cgroup says in its second field. */
function ownPath(isIt: (controllers: string) => boolean): string {
  const line = text("/proc/self/cgroup")
    .split("\n")
    .map((each) => each.split(":"))
    .find(([, controllers = "none"]) => isIt(controllers));
  return line?.slice(2).join(":") ?? "/";
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
