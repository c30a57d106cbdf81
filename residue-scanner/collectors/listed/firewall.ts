import type { ListedFact, ListedReading } from "../../core/fact.ts";
import { NetlinkError, protocols, type Questions, withNetlink } from "../netlink/netlink.ts";
import { listNetworkNamespaces } from "../network-namespaces.ts";
import type { OpenFiles } from "../open-files.ts";
import { hasIpSets, readIpSets } from "./firewall/ip-sets.ts";
import { readLegacyTables } from "./firewall/legacy-tables.ts";
import { readNftables } from "./firewall/nftables.ts";
import { inEveryNetwork } from "./network/beyond-tables.ts";

/** The kernel was built without it. */
const absentCodes = new Set(["EOPNOTSUPP", "EINVAL", "ENOENT"]);

/**
 * nftables (nft(8), and what iptables makes of them today), the tables of older iptables, and sets of addresses (ipset(8)),
 * in every network namespace.
 */
export function collectFirewall(open: Pick<OpenFiles, "namespaces">): ListedReading {
  return inEveryNetwork(listNetworkNamespaces(open), readHere);
}

function readHere(): ListedReading {
  const parts = [
    readLegacyTables(),
    readFrom("nftables", readNftables),
    ...(hasIpSets() ? [readFrom("sets of addresses", readIpSets)] : []),
  ];
  return { facts: parts.flatMap(({ facts }) => facts), unseen: parts.flatMap(({ unseen }) => unseen) };
}

function readFrom(what: string, read: (netlink: Questions) => ListedFact[]): ListedReading {
  try {
    const facts = withNetlink(protocols.netfilter, read);
    return { facts: facts ?? [], unseen: facts === null ? [`${what} cannot be asked for`] : [] };
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    return { facts: [], unseen: absentCodes.has(error.code) ? [] : [`${what} cannot be read: ${error.message}`] };
  }
}
