import type { ListedFact, ListedReading, ProcessFact } from "../../core/fact.ts";
import { parseMounts, readMounts } from "../files/mounts.ts";
import { readMountTables } from "../mount-tables.ts";
import { withinNamespace } from "../network-namespaces.ts";
import { readProcLink } from "../proc.ts";
import { namespacesOf } from "../processes/read-process.ts";
import { collectIpc } from "./ipc.ts";
import { collectMessageQueues } from "./message-queues.ts";
import { mountFacts } from "./mounts.ts";
import { collectSysctls, readSettingsIn } from "./sysctls.ts";

/** More than a host has of containers; what they hold is then not all read, and that is said. */
const namespacesMax = 1_000;

/** Of one interface, and what the next one begins with: some hundreds, in each of many namespaces. */
const ofEach = /^net\/ipv[46]\/(?:neigh$|conf\/(?!all$))/;

interface OtherNamespace {
  /** `ipc:[4026532000]` */
  readonly name: string;
  readonly pids: readonly number[];
  /** What leads into it. */
  readonly entrance: string;
  /** Whether a mount keeps it, whoever lives in it. */
  readonly isPinned: boolean;
}

type Kind = "mnt" | "ipc" | "uts" | "net";
/** Who lives where, as far as that is known already. */
export type Dwellers = readonly Pick<ProcessFact, "pid" | "namespaces" | "kernelThread">[];

/** Mounts in the mount namespaces of others: a path there need not lead to the same as it does here. */
export function collectOtherMounts(dwellers: Dwellers): ListedReading {
  const uninhabited: OtherNamespace[] = [];
  const inhabited = inOthers("mnt", dwellers, (namespace) => {
    for (const pid of namespace.pids) {
      const mounts = readMounts(`/proc/${pid}/mountinfo`);
      if (mounts.length > 0) return { facts: mountFacts(mounts), unseen: [] };
    }
    // Into these a thread has to go, which costs more than to look: all of them at once.
    uninhabited.push(namespace);
    return { facts: [], unseen: [] };
  });
  const tables = readMountTables(uninhabited.map(({ entrance }) => entrance));
  const kept = uninhabited.map((namespace, index) => {
    const table = tables[index] ?? null;
    const reading = table === null ? null : { facts: mountFacts(parseMounts(table)), unseen: [] };
    return placedReading(reading, namespace, "mnt");
  });
  return together([inhabited, ...kept]);
}

/** What others keep in IPC namespaces of their own. */
export function collectOtherIpc(dwellers: Dwellers): ListedReading {
  return inOthers("ipc", dwellers, (namespace) =>
    within("ipc", namespace, () => {
      const [systemFive, queues] = [collectIpc(), collectMessageQueues()];
      return { facts: [...systemFive.facts, ...queues.facts], unseen: [...systemFive.unseen, ...queues.unseen] };
    }),
  );
}

/** How others call the host, and what is set of their networks. */
export function collectOtherSettings(dwellers: Dwellers): ListedReading {
  const names = inOthers("uts", dwellers, (namespace) =>
    within("uts", namespace, () => ({ facts: nameFacts(), unseen: [] })),
  );
  const networks = inOthers("net", dwellers, (namespace) =>
    within("net", namespace, () => networkFact(collectSysctls("/proc/sys", { path: "net", leaves: ofEach }))),
  );
  return together([names, networks]);
}

/** Whoever lived there first may have ended since. */
function within<T>(kind: Exclude<Kind, "mnt">, { entrance, pids }: OtherNamespace, use: () => T): T | null {
  const entrances = new Set([entrance, ...pids.map((pid) => `/proc/${pid}/ns/${kind}`)]);
  for (const each of entrances) {
    const found = withinNamespace(kind, each, use);
    if (found !== null) return found;
  }
  return null;
}

function nameFacts(): ListedFact[] {
  const directory = "/proc/sys/kernel";
  return readSettingsIn(directory, ["hostname", "domainname"]).flatMap(([name, value]) => {
    if (value === null || value === "refused") return [];
    const [key, location, attributes] = [`kernel.${name}`, `${directory}/${name}`, { value: value.text }];
    return [{ key, subject: `setting ${key}`, location, uid: null, attributes, show: name }];
  });
}

/** All of one namespace as one thing: it comes with all of them. */
function networkFact({ facts, unseen }: ListedReading): ListedReading {
  const values = facts
    .filter(({ isCounter }) => isCounter !== true)
    .map(({ key, attributes }) => [key, attributes["value"]]);
  const attributes = Object.fromEntries(values);
  const location = "/proc/sys/net";
  const fact = {
    key: "settings",
    subject: "settings of the network",
    location,
    uid: null,
    attributes,
    show: "sysctl net",
  };
  return { facts: [fact], unseen };
}

function inOthers(
  kind: Kind,
  dwellers: Dwellers,
  read: (namespace: OtherNamespace) => ListedReading | null,
): ListedReading {
  const all = others(kind, dwellers);
  const readings = all.slice(0, namespacesMax).map((namespace) => placedReading(read(namespace), namespace, kind));
  const more = all.length - namespacesMax;
  const unseen = more > 0 ? [`${more} more namespaces (${kind}) are not read`] : [];
  return together([...readings, { facts: [], unseen }]);
}

/** @param reading null where nothing led there */
function placedReading(reading: ListedReading | null, namespace: OtherNamespace, kind: Kind): ListedReading {
  if (reading !== null)
    return { facts: reading.facts.map((fact) => placed(fact, namespace, kind)), unseen: reading.unseen };
  // Who lived there has ended, and took it along.
  return { facts: [], unseen: isThere(namespace, kind) ? [`${namespace.name} cannot be entered`] : [] };
}

function isThere({ name, pids }: OtherNamespace, kind: Kind): boolean {
  if (pids.some((pid) => readProcLink(`/proc/${pid}/ns/${kind}`) === name)) return true;
  return readMounts().some(({ type, root }) => type === "nsfs" && root === name);
}

/** What several could not see in the same way is said once. */
function together(readings: readonly ListedReading[]): ListedReading {
  const unseen = new Set(readings.flatMap((reading) => reading.unseen));
  return { facts: readings.flatMap(({ facts }) => facts), unseen: [...unseen] };
}

function placed(fact: ListedFact, { name, pids, entrance, isPinned }: OtherNamespace, kind: Kind): ListedFact {
  const option = { mnt: "mount", ipc: "ipc", uts: "uts", net: "net" }[kind];
  return {
    ...fact,
    key: `${name} ${fact.key}`,
    subject: `${fact.subject}, in ${name}`,
    ...(!isPinned && { holders: pids }),
    show: `nsenter --${option}=${entrance} ${fact.show}`,
  };
}

/** The kernel's own threads live where the scanner does, or above it. */
function others(kind: Kind, dwellers: Dwellers): OtherNamespace[] {
  const own = new Set(namespacesOf("/proc/self") ?? []);
  const found = new Map<string, number[]>();
  for (const { pid, namespaces, kernelThread } of dwellers) {
    const name = kernelThread ? undefined : namespaces?.find((each) => each.startsWith(`${kind}:`));
    if (name !== undefined && !own.has(name)) found.set(name, [...(found.get(name) ?? []), pid]);
  }
  const pins = new Map(readMounts().flatMap(({ type, root, point }) => (type === "nsfs" ? [[root, point]] : [])));
  const pinned = [...pins.keys()].filter((name) => name.startsWith(`${kind}:`) && !own.has(name));
  return [...new Set([...found.keys(), ...pinned])].map((name) => {
    const pids = found.get(name) ?? [];
    const pin = pins.get(name);
    return { name, pids, entrance: pin ?? `/proc/${pids[0]}/ns/${kind}`, isPinned: pin !== undefined };
  });
}
