import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { shellPath } from "../../core/path-text.ts";
import { readMounts } from "../files/mounts.ts";
import type { OpenFiles } from "../open-files.ts";
import { firstPid, hasEnded, listPids } from "../proc.ts";
import { namespacesOf } from "../processes/read-process.ts";

/** A process, and the namespaces that it lives in; null where it does not show them. */
export interface Member {
  readonly pid: number;
  readonly namespaces: readonly string[] | null;
}

interface Namespace {
  readonly members: number[];
  /** Mount points that keep it, one character a byte. */
  readonly pins: string[];
  readonly holders: readonly number[];
  /** A descriptor that keeps it. */
  readonly link: string | null;
}

/** Every namespace (namespaces(7)) other than the scanner's own, and what keeps it: processes, mounts, descriptors. */
export function collectNamespaces(
  { namespaces }: Pick<OpenFiles, "namespaces">,
  {
    members = readMembers(),
    mountTable = "/proc/self/mountinfo",
  }: { members?: readonly Member[]; mountTable?: string } = {},
): ListedReading {
  const found = new Map<string, Namespace>();
  const named = (name: string): Namespace => {
    const { pids = [], link = null } = namespaces.get(name) ?? {};
    const namespace = found.get(name) ?? { members: [], pins: [], holders: pids, link };
    found.set(name, namespace);
    return namespace;
  };
  const own = new Set(namespacesOf("/proc/self"));
  for (const { pid, namespaces: names } of members) {
    for (const name of names ?? []) if (!own.has(name)) named(name).members.push(pid);
  }
  const hidden = members.filter((member) => member.namespaces === null && member.pid !== firstPid).length;
  for (const { type, root, point } of readMounts(mountTable)) {
    if (type === "nsfs" && !own.has(root)) named(root).pins.push(point);
  }
  for (const name of namespaces.keys()) if (!own.has(name)) named(name);
  return {
    facts: [...found].map(([name, namespace]) => factOf(name, namespace)),
    unseen: hidden === 0 ? [] : [`${hidden} processes do not show their namespaces`],
  };
}

function readMembers(): Member[] {
  return listPids()
    .map((pid) => ({ pid, namespaces: namespacesOf(`/proc/${pid}`) }))
    .filter(({ pid, namespaces }) => namespaces !== null || !hasEnded(pid));
}

function factOf(name: string, { members, pins, holders, link }: Namespace): ListedFact {
  const [pin] = pins;
  const keptBy = [
    ...(members.length > 0 ? [`${members.length} processes`] : []),
    ...pins,
    ...(holders.length > 0 ? [`a descriptor of process ${holders[0]}`] : []),
  ];
  return {
    key: name,
    subject: `namespace ${name}, kept by ${keptBy.join(", ")}`,
    location: pin ?? link ?? `/proc/${members[0]}/ns/${name.slice(0, name.indexOf(":"))}`,
    uid: null,
    // Who lives in it changes with every process that starts there.
    attributes: { name, pins: pins.toSorted() },
    // A mount outlives whoever made it.
    ...(pins.length === 0 && { holders: [...new Set([...members, ...holders])] }),
    show: pin === undefined ? `lsns | grep -w ${/\d+/.exec(name)?.[0] ?? name}` : `findmnt ${shellPath(pin)}`,
  };
}
