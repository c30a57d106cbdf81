import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { type Netlink, NetlinkError, orNone, protocols, withNetlink } from "../../netlink/netlink.ts";
import {
  isGone,
  listNetworkNamespaces,
  type NetworkNamespace,
  type NetworkNamespaces,
  withinNetwork,
} from "../../network-namespaces.ts";
import type { OpenFiles } from "../../open-files.ts";
import { readLinks, readLinksAndAddresses } from "./links.ts";
import { readNeighbours } from "./neighbours.ts";
import { readQueueing } from "./queueing.ts";
import { readRouting } from "./routing.ts";
import { multipathLimits, readMultipath, readSundries } from "./sundries.ts";
import { readTransforms } from "./transforms.ts";
import { shellPath } from "../../../core/path-text.ts";

/** The kernel was built without it. */
const absentCodes = new Set(["EOPNOTSUPP", "EPROTONOSUPPORT", "EINVAL", "ENOENT"]);

/** What of the network has no table in /proc, and all of it in other namespaces than the scanner's own. */
export function collectBeyondTables(open: Pick<OpenFiles, "namespaces">): ListedReading {
  return inEveryNetwork(listNetworkNamespaces(open), ({ isOwn }) => readHere(isOwn));
}

/**
 * Reads something in each network namespace; what is of another one than the scanner's own says so.
 */
export function inEveryNetwork(
  { others, hidden }: NetworkNamespaces,
  read: (place: { readonly isOwn: boolean }) => ListedReading,
): ListedReading {
  const own = read({ isOwn: true });
  const facts = [...own.facts];
  const unseen = new Set(own.unseen);
  const closed: string[] = [];
  for (const namespace of others) {
    const there = withinNetwork(namespace.entrance, () => read({ isOwn: false }));
    if (there !== null) facts.push(...there.facts.map((fact) => placed(fact, namespace)));
    else if (!isGone(namespace)) closed.push(namespace.name);
    for (const text of there?.unseen ?? []) unseen.add(text);
  }
  if (closed.length > 0) unseen.add(`${closed.length} network namespaces cannot be entered, ${closed[0]} for one`);
  if (hidden > 0) unseen.add(`${hidden} processes do not show their network namespace`);
  return { facts, unseen: [...unseen] };
}

function placed(fact: ListedFact, { name, entrance, pids, isPinned }: NetworkNamespace): ListedFact {
  return {
    ...fact,
    ...(!isPinned && { holders: pids }),
    key: `${name} ${fact.key}`,
    subject: `${fact.subject}, in ${name}`,
    location: `${fact.location} in ${name}`,
    show: `nsenter --net=${shellPath(entrance)} ${fact.show}`,
  };
}

/** Rules that every namespace has from its start: to the tables local, main and default. */
function isBornWith(key: string): boolean {
  return /^rule ipv[46] (?:0 .* 255|32766 .* 254|32767 .* 253)  1$/.test(key);
}

/** Those that RFC 6724 gives, and older ones, which every namespace has. */
const bornLabels = new Set(
  "::1/128 ::/0 2002::/16 ::/96 ::ffff:0:0/96 fc00::/7 2001::/32 2001:10::/28 3ffe::/16 fec0::/10".split(" "),
);

function isBornWithLabel(key: string): boolean {
  return key.startsWith("label ") && bornLabels.has(key.slice("label ".length));
}

function readHere(isOwn: boolean): ListedReading {
  const unseen: string[] = [];
  const ask = (protocol: number, what: string, read: (netlink: Netlink) => ListedFact[]): ListedFact[] => {
    try {
      const facts = withNetlink(protocol, read);
      if (facts === null) unseen.push(`${what} cannot be asked for`);
      return facts ?? [];
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      if (!absentCodes.has(error.code)) unseen.push(`${what} cannot be read: ${error.message}`);
      return [];
    }
  };
  const facts = ask(protocols.route, "rules and queues of the network", (netlink) => {
    const links = readLinks(netlink);
    const nameOf = (index: number) => links.get(index)?.name ?? `interface ${index}`;
    return [
      ...(isOwn ? [] : readLinksAndAddresses(netlink, links)),
      ...readRouting(netlink, nameOf, { isOwn }).filter(({ key }) => isOwn || !isBornWith(key)),
      ...orNone(() => readQueueing(netlink, nameOf)),
      ...readNeighbours(netlink, nameOf),
      ...readSundries(netlink, nameOf).filter(({ key }) => isOwn || !isBornWithLabel(key)),
    ];
  });
  const transforms = ask(protocols.xfrm, "IPsec", readTransforms);
  const multipath = ask(protocols.generic, "multipath TCP", readMultipath);
  return {
    facts: [...facts, ...transforms, ...multipath.filter(({ key }) => isOwn || key !== multipathLimits)],
    unseen,
  };
}
