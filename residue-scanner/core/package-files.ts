import type { ListedDifference } from "./difference.ts";

/**
 * Files that a package manager writes for this package alone, one character a byte; the database that all packages
 * stand in is written for each of them. Empty where there are none, or where they are not written for what changed:
 * dpkg(1) keeps in its database only what is wanted of a package.
 */
export function packageFiles({ surface, key, change, before, after }: ListedDifference): readonly string[] {
  const [, name, architecture] = /^dpkg ([^:\s]+):(\S*)$/.exec(key) ?? [];
  if (surface !== "packages" || name === undefined) return [];
  const versionOf = (side: typeof before) => side?.attributes["version"];
  const standing = (side: typeof before) => String(side?.attributes["state"]).split(",")[0];
  if (change === "changed" && versionOf(before) === versionOf(after) && standing(before) === standing(after)) return [];
  return [name, `${name}:${architecture}`].map((each) => `/var/lib/dpkg/info/${each}.list`);
}
