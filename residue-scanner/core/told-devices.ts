import { type Difference, isListed } from "./difference.ts";
import type { ListedFact } from "./fact.ts";
import type { Snapshot } from "./snapshot.ts";

/** What the differences say came, went or changed of which there are settings below /sys: disks, interfaces, modules. */
export function deviceNames(differences: readonly Difference[]): Set<string> {
  return new Set(differences.flatMap(namesOf));
}

function namesOf(difference: Difference): string[] {
  if (difference.surface === "files") {
    const isNode = (difference.after ?? difference.before)?.kind.endsWith("device") === true;
    return isNode ? [difference.key.slice(difference.key.lastIndexOf("/") + 1)] : [];
  }
  if (!isListed(difference)) return [];
  const { surface, key } = difference;
  const fact = difference.after ?? difference.before;
  if (surface === "mounts") return [fact?.device ?? "", String(fact?.attributes["type"] ?? "")].filter(Boolean);
  if (surface === "storage") return key.startsWith("swap ") ? [] : [key];
  const [, kind, name] = /^(interface|module) (.+)$/.exec(key) ?? [];
  return kind === undefined || name === undefined ? [] : [name];
}

/**
 * The devices that came or went, by the settings that came or went with them: what lies in the uppermost directory of
 * which the other reading has nothing is one device's.
 */
export class SettingGroups {
  private readonly firsts = new Map<string, string>();
  private readonly members = new Map<string, string[]>();
  private readonly directories: Readonly<Record<"appeared" | "vanished", ReadonlySet<string>>>;

  constructor(before: Pick<Snapshot, "listed">, after: Pick<Snapshot, "listed">, differences: readonly Difference[]) {
    this.directories = {
      appeared: directoriesOf(before.listed.sysctls),
      vanished: directoriesOf(after.listed.sysctls),
    };
    for (const difference of differences) {
      const device = this.deviceOf(difference);
      if (device === null) continue;
      const first = this.firsts.get(device);
      if (first === undefined || difference.key < first) this.firsts.set(device, difference.key);
      const members = this.members.get(device);
      if (members === undefined) this.members.set(device, [difference.key]);
      else members.push(difference.key);
    }
  }

  /** The first setting of the same device; null for what is no setting that came or went. */
  firstWith(difference: Difference): string | null {
    const device = this.deviceOf(difference);
    return device === null ? null : (this.firsts.get(device) ?? null);
  }

  /** Whether one of these names stands in the path of a setting, or in that of another one of its device. */
  isOfOne(difference: Difference, names: ReadonlySet<string>): boolean {
    const device = this.deviceOf(difference);
    const paths = device === null ? [] : (this.members.get(device) ?? []);
    return paths.some((path) => path.split("/").some((word) => names.has(word)));
  }

  private deviceOf({ surface, change, key }: Difference): string | null {
    if (surface !== "sysctls" || change === "changed" || !key.startsWith("/sys/")) return null;
    for (let end = key.indexOf("/", 1); end !== -1; end = key.indexOf("/", end + 1)) {
      const directory = key.slice(0, end);
      if (!this.directories[change].has(directory)) return `${change} ${directory}`;
    }
    return `${change} ${key}`;
  }
}

function directoriesOf(facts: readonly ListedFact[] = []): Set<string> {
  const directories = new Set<string>();
  for (const { location } of facts) {
    for (let end = location.lastIndexOf("/"); end > 0; end = location.lastIndexOf("/", end - 1)) {
      const directory = location.slice(0, end);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return directories;
}
