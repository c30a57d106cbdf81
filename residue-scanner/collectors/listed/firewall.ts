import type { ListedReading } from "../../core/fact.ts";
import { NetlinkError, protocols, withNetlink } from "../netlink/netlink.ts";
import { listNetworkNamespaces } from "../network-namespaces.ts";
import type { OpenFiles } from "../open-files.ts";
import { readLegacyTables } from "./firewall/legacy-tables.ts";
import { readNftables } from "./firewall/nftables.ts";
import { inEveryNetwork } from "./network/beyond-tables.ts";

/** The kernel was built without it. */
const absentCodes = new Set(["EOPNOTSUPP", "EINVAL", "ENOENT"]);

/** nftables (nft(8), and what iptables makes of them today) and the tables of older iptables, in every network namespace. */
export function collectFirewall(open: Pick<OpenFiles, "namespaces">): ListedReading {
  return inEveryNetwork(listNetworkNamespaces(open), readHere);
}

function readHere(): ListedReading {
  const legacy = readLegacyTables();
  try {
    const facts = withNetlink(protocols.netfilter, readNftables);
    if (facts !== null) return { facts: [...facts, ...legacy.facts], unseen: legacy.unseen };
    return { facts: legacy.facts, unseen: [...legacy.unseen, "nftables cannot be asked for"] };
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    const unseen = absentCodes.has(error.code) ? [] : [`nftables cannot be read: ${error.message}`];
    return { facts: legacy.facts, unseen: [...legacy.unseen, ...unseen] };
  }
}
