import { type Difference, type FileDifference, isListed, type ListedDifference } from "./difference.ts";
import type { CrontabFact, ListedFact } from "./fact.ts";
import { shellPath } from "./path-text.ts";

/**
 * The command that would take away what came, or put back what was changed. Nobody here runs it: whoever reads it
 * decides. Null where there is none that does it for certain, above all for what is gone and for contents, of which
 * nobody kept a copy.
 */
export function removalOf(difference: Difference): string | null {
  if (isListed(difference)) return listedRemoval(difference);
  if (difference.surface === "files") return fileRemoval(difference);
  const { change, surface, after } = difference;
  if (change !== "appeared" || after === null) return null;
  switch (surface) {
    case "processes":
      return after.state === "Z" || after.kernelThread ? null : `kill ${after.pid}`;
    case "crontabs":
      return crontabRemoval(after);
    case "cgroups":
      return `rmdir ${shellPath(after.directory)}`;
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

function crontabRemoval({ file, line, text, user }: CrontabFact): string {
  if (line === null) return `rm -- ${shellPath(file)}`;
  if (user === null) return `sed -i ${line}d ${shellPath(file)}`;
  const whose = shellPath(user);
  return `crontab -u ${whose} -l | grep -vxF -e ${shellPath(text)} | crontab -u ${whose} -`;
}

function listedRemoval({ surface, change, before, after }: ListedDifference): string | null {
  if (surface === "sysctls") return settingRemoval(change, before, after);
  if (change !== "appeared" || after === null) return null;
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
  configuration: lineRemoval,
  network: networkRemoval,
};

const ipcFlags: Readonly<Record<string, string>> = { shm: "-m", sem: "-s", msg: "-q" };

function settingRemoval(
  change: ListedDifference["change"],
  before: ListedFact | null,
  after: ListedFact | null,
): string | null {
  if (change === "changed" && before !== null) {
    return `sysctl -w ${shellPath(`${before.key}=${String(before.attributes["value"])}`)}`;
  }
  const isFormat = change === "appeared" && after?.key.startsWith("fs.binfmt_misc.") === true;
  return isFormat ? `sh -c 'echo -1 > ${after.location}'` : null;
}

function storageRemoval({ key, location, attributes }: ListedFact): string | null {
  if (key.startsWith("swap ")) return `swapoff ${shellPath(location)}`;
  if (key.startsWith("loop")) return `losetup -d ${shellPath(location)}`;
  const mapping = attributes["mapping"];
  return typeof mapping === "string" ? `dmsetup remove ${shellPath(mapping)}` : null;
}

function lineRemoval({ file, location }: ListedFact): string | null {
  const line = /:(\d+)$/.exec(location)?.[1];
  return file === undefined || line === undefined ? null : `sed -i ${line}d ${shellPath(file)}`;
}

function networkRemoval({ key, attributes }: ListedFact): string | null {
  const [kind = "", name = ""] = key.split(" ");
  const device = typeof attributes["device"] === "string" ? shellPath(attributes["device"]) : null;
  if (kind === "interface") return `ip link delete dev ${shellPath(name)}`;
  if (device === null) return null;
  if (kind === "address") return `ip address delete ${shellPath(name)} dev ${device}`;
  if (kind === "route") return `ip route delete ${shellPath(name)} dev ${device}`;
  return kind === "neighbour" ? `ip neighbour delete ${shellPath(name)} dev ${device}` : null;
}
