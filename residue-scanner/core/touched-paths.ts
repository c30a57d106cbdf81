import { requestPlaces } from "./delegates.ts";
import { type Differences, isListed } from "./difference.ts";
import { imageFiles } from "./image-files.ts";
import { crashSetting } from "./kernel-helpers.ts";
import { packageFiles } from "./package-files.ts";
import { cgroupSettingPaths, membershipPaths, processSettingPaths, settingPaths } from "./setting-paths.ts";
import { loopNodes, twinsOf } from "./listed-attribution.ts";
import type { Snapshot } from "./snapshot.ts";

/** Every path that the attribution of these differences will ask the recorder about, one character a byte. */
export function pathsToAskFor({ list, crowds }: Differences, before: Snapshot, after: Snapshot): string[] {
  const paths = new Set<string>([...requestPlaces, crashSetting]);
  for (const { directory, change, isOlder } of crowds) {
    if (change !== "changed") paths.add(directory);
    if (change === "changed" || (change === "appeared" && !isOlder)) paths.add(pathOfEntries(directory));
  }
  const cgroups = new Map(after.cgroups.map(({ path, directory }) => [path, directory]));
  for (const { device } of imageFiles(before, after).values()) paths.add(device);
  for (const { file } of [...before.crontabs, ...after.crontabs]) paths.add(file);
  for (const difference of list) {
    if (isListed(difference)) {
      const fact = difference.after ?? difference.before;
      const place = fact?.file ?? fact?.location ?? "";
      for (const path of [
        place,
        ...settingPaths(difference),
        ...packageFiles(difference),
        ...twinsOf(place),
        ...loopNodes(place),
      ])
        paths.add(path);
    } else if (difference.surface === "files") {
      paths.add(difference.key);
    } else if (difference.surface === "cgroups") {
      const { directory = "" } = difference.after ?? difference.before ?? {};
      for (const path of [directory, ...cgroupSettingPaths(directory, difference.changed)]) paths.add(path);
    } else if (difference.surface === "processes") {
      for (const path of membershipPaths(difference, (path) => cgroups.get(path) ?? null)) paths.add(path);
      for (const path of processSettingPaths(difference)) paths.add(path);
    }
  }
  return [...paths].filter((path) => path.startsWith("/"));
}

/** Asked for as a path that no file has: whatever was done to any entry of a directory, under its name in it. */
export function pathOfEntries(directory: string): string {
  return directory === "/" ? "//" : `${directory}/`;
}

/** @returns the directory whose entries such a path stands for; null where it is an ordinary path */
export function directoryOfEntries(path: string): string | null {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : null;
}
