import type { ListedFact, ListedReading, ProcessFact } from "../../core/fact.ts";
import { readMounts } from "../files/mounts.ts";
import { withinNamespace } from "../network-namespaces.ts";
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
  return inOthers("mnt", dwellers, ({ pids }) => {
    for (const pid of pids) {
      const mounts = readMounts(`/proc/${pid}/mountinfo`);
      if (mounts.length > 0) return { facts: mountFacts(mounts), unseen: [] };
    }
    return null;
  });
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
  return { facts: [...names.facts, ...networks.facts], unseen: [...names.unseen, ...networks.unseen] };
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
  const facts: ListedFact[] = [];
  const unseen = new Set<string>();
  for (const namespace of all.slice(0, namespacesMax)) {
    const found = read(namespace);
    facts.push(...(found?.facts ?? []).map((fact) => placed(fact, namespace, kind)));
    for (const text of found?.unseen ?? []) unseen.add(text);
  }
  if (all.length > namespacesMax) unseen.add(`${all.length - namespacesMax} more namespaces (${kind}) are not read`);
  return { facts, unseen: [...unseen] };
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
