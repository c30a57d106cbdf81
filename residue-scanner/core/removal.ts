import { type Difference, type FileDifference, isListed, type ListedDifference } from "./difference.ts";
import type { CrontabFact, ListedFact } from "./fact.ts";
import { lineDeletion, lineRemoval } from "./line-removal.ts";
import { shellPath, toBytePath } from "./path-text.ts";

/**
 * The command that would take away what came, or put back what was changed. Nobody here runs it: whoever reads it
 * decides. Null where there is none that does it for certain, above all for what is gone and for contents, of which
 * nobody kept a copy.
 *
 * @param isNew whether a file came with what is in it: then it goes as a whole
 */
export function removalOf(difference: Difference, isNew: (file: string) => boolean): string | null {
  if (isListed(difference)) return listedRemoval(difference, isNew);
  if (difference.surface === "files") return fileRemoval(difference);
  const { change, surface, after } = difference;
  if (change !== "appeared" || after === null) return null;
  switch (surface) {
    case "processes":
      return after.state === "Z" || after.kernelThread ? null : `kill ${after.pid}`;
    case "crontabs":
      return crontabRemoval(after, isNew);
    case "cgroups":
      // A hierarchy that is mounted nowhere has no directory to take away.
      return after.inode === 0 ? null : `rmdir ${shellPath(toBytePath(after.directory))}`;
    case "sockets":
      // It goes with who holds it.
      return (after.owners?.length ?? 0) > 0 ? `kill ${after.owners?.join(" ")}` : null;
  }
}

function fileRemoval({ key, change, changed, before, after }: FileDifference): string | null {
  const path = shellPath(key);
  if (after === null) return null;
  if (change === "appeared") {
    const isHeld = after.flags.includes("immutable") || after.flags.includes("append-only");
    const remove = after.kind === "directory" ? `rm -r -- ${path}` : `rm -- ${path}`;
    return isHeld ? `chattr -ia -- ${path} && ${remove}` : remove;
  }
  // Another file in its place, or other contents, cannot be put back.
  if (before === null || ["ino", "kind", "size", "device"].some((name) => changed.includes(name))) return null;
  const flags = (["immutable", "append-only"] as const).flatMap((flag) => {
    const [was, is] = [before.flags.includes(flag), after.flags.includes(flag)];
    return was === is ? [] : [`${was ? "+" : "-"}${flag === "immutable" ? "i" : "a"}`];
  });
  const commands = [
    ...(flags.length > 0 ? [`chattr ${flags.join(" ")} -- ${path}`] : []),
    ...(changed.includes("uid") || changed.includes("gid") ? [`chown -h ${before.uid}:${before.gid} -- ${path}`] : []),
    // Last: a new owner takes set-id bits away.
    ...(changed.includes("mode") ? [`chmod ${before.permissions.toString(8)} -- ${path}`] : []),
  ];
  return commands.length === 0 ? null : commands.join(" && ");
}

function crontabRemoval({ key, file, line, text: shown, user }: CrontabFact, isNew: (file: string) => boolean): string {
  if (line === null) return `rm -- ${shellPath(file)}`;
  const text = toBytePath(shown);
  const one = { file, text, line, isRepeated: isRepeated(key, shown) };
  if (user === null) return isNew(file) ? wholeFile(file) : lineRemoval(one);
  const whose = shellPath(user);
  if (isNew(file)) return `crontab -u ${whose} -r`;
  return `crontab -u ${whose} -l | sed ${lineDeletion(one)} | crontab -u ${whose} -`;
}

/** Told of each of its lines, and right after the first time too. */
function wholeFile(file: string): string {
  return `rm -f -- ${shellPath(file)}`;
}

/** Keys of lines that stand there more than once end with which one it is. */
function isRepeated(key: string, text: string): boolean {
  return !key.endsWith(text);
}

function listedRemoval(difference: ListedDifference, isNew: (file: string) => boolean): string | null {
  const { surface, change, before, after } = difference;
  if (surface === "sysctls") return settingRemoval(change, before, after);
  if (change !== "appeared" || after === null) return null;
  if (surface === "configuration") return configurationRemoval(after, isNew);
  return listedRemovals[surface]?.(after) ?? null;
}

/** What takes away a thing that came, by its surface; absent where no one command does. */
const listedRemovals: Readonly<Partial<Record<ListedDifference["surface"], (fact: ListedFact) => string | null>>> = {
  mounts: ({ location }) => `umount ${shellPath(location)}`,
  ipc({ key }) {
    const [kind = "", name = ""] = key.split(" ");
    return kind in ipcFlags ? `ipcrm ${ipcFlags[kind]} ${name}` : null;
  },
  keys: ({ key }) => `keyctl invalidate 0x${key}`,
  storage: storageRemoval,
  network: networkRemoval,
};

const ipcFlags: Readonly<Record<string, string>> = { shm: "-m", sem: "-s", msg: "-q" };

function settingRemoval(
  change: ListedDifference["change"],
  before: ListedFact | null,
  after: ListedFact | null,
): string | null {
  if (change === "changed" && before !== null) {
    const value = String(before.attributes["value"]);
    return before.key.startsWith("/")
      ? writing(chosen(value), before.key)
      : `sysctl -w ${shellPath(`${before.key}=${value}`)}`;
  }
  const isFormat = change === "appeared" && after?.key.startsWith("fs.binfmt_misc.") === true;
  return isFormat ? writing("-1", after.location) : null;
}

/** sysctl(8) knows nothing of what is not below /proc/sys. */
function writing(value: string, path: string): string {
  return `echo ${shellPath(value)} > ${shellPath(path)}`;
}

/** Some settings below /sys show what they could be as well, and put what they are in brackets. */
function chosen(value: string): string {
  return /(?:^|\s)\[([^\]]+)\]/.exec(value)?.[1] ?? value;
}

function storageRemoval({ key, location, attributes }: ListedFact): string | null {
  if (key.startsWith("swap ")) return `swapoff ${shellPath(location)}`;
  if (key.startsWith("loop")) return `losetup -d ${shellPath(location)}`;
  const mapping = attributes["mapping"];
  return typeof mapping === "string" ? `dmsetup remove ${shellPath(mapping)}` : null;
}

function configurationRemoval(
  { key, file, location, attributes }: ListedFact,
  isNew: (file: string) => boolean,
): string | null {
  const line = /:(\d+)$/.exec(location)?.[1];
  const text = attributes["line"];
  if (file === undefined || line === undefined || typeof text !== "string") return null;
  if (isNew(file)) return wholeFile(file);
  return lineRemoval({ file, text, line: Number(line), isRepeated: isRepeated(key, text) });
}

function networkRemoval({ key, attributes }: ListedFact): string | null {
  const [kind = "", name = ""] = key.split(" ");
  const device = typeof attributes["device"] === "string" ? shellPath(attributes["device"]) : null;
  if (kind === "interface") return `ip link delete dev ${shellPath(name)}`;
  if (device === null) return null;
  if (kind === "address") return `ip address delete ${shellPath(name)} dev ${device}`;
  // Of a route that goes nowhere (blackhole, unreachable) there is no device.
  if (kind === "route") return `ip route delete ${shellPath(name)}${device === "'*'" ? "" : ` dev ${device}`}`;
  return kind === "neighbour" ? `ip neighbour delete ${shellPath(name)} dev ${device}` : null;
}
