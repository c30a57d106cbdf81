import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, littleEndian } from "../../netlink/attributes.ts";
import { orNone, type Questions } from "../../netlink/netlink.ts";

/** linux/neighbour.h, struct ndmsg: family, index, state, flags, type. */
const getNeighbour = 30;
const headerBytes = 12;
/** linux/rtnetlink.h, RTM_GETLINK and struct ifinfomsg; linux/if_link.h, IFLA_ADDRESS. */
const getLink = 18;
const linkHeaderBytes = 16;
const linkAddress = 1;
const families = { bridge: 7, ipv4: 2, ipv6: 10 } as const;
const neighbourAttributes = { address: 1, hardware: 2, master: 9, vlan: 5 } as const;
const states = { permanent: 0x80, noArp: 0x40 } as const;
const flags = { proxy: 0x08 } as const;

/**
 * Neighbours of IPv6 that somebody set, addresses that an interface answers for, and what bridges and tunnels were told
 * (bridge-fdb(8)). Of IPv4's that were set tells `network.ts`.
 */
export function readNeighbours(netlink: Questions, nameOf: (index: number) => string): ListedFact[] {
  const ask = (family: number, more = 0) => {
    const body = Buffer.alloc(headerBytes);
    body[0] = family;
    body[10] = more;
    // A kernel without bridges, or without IPv6, has none of theirs.
    return orNone(() => netlink.dump({ type: getNeighbour, body })).map((message) => message.body);
  };
  return [
    ...ask(families.ipv6).flatMap((body) => neighbourFacts(body, nameOf)),
    ...[families.ipv4, families.ipv6]
      .flatMap((family) => ask(family, flags.proxy))
      .flatMap((body) => neighbourFacts(body, nameOf)),
    ...settingsOfBridges(
      ask(families.bridge).flatMap((body) => neighbourFacts(body, nameOf)),
      netlink,
    ),
  ];
}

/** A bridge takes in the addresses of its ports, and its own, by itself: those are nobody's setting. */
function settingsOfBridges(facts: readonly ListedFact[], netlink: Questions): ListedFact[] {
  if (facts.length === 0) return [];
  const links = orNone(() => netlink.dump({ type: getLink, body: Buffer.alloc(linkHeaderBytes) }));
  const own = new Set(links.map(({ body }) => showLink(attributesByType(body, linkHeaderBytes).get(linkAddress))));
  return facts.filter(({ attributes }) => !own.has(String(attributes["link"])));
}

/** @param body of a message RTM_NEWNEIGH or RTM_DELNEIGH */
export function neighbourFacts(body: Buffer, nameOf: (index: number) => string): ListedFact[] {
  const found = attributesByType(body, headerBytes);
  const device = nameOf(body.readInt32LE(4));
  const state = body.readUInt16LE(8);
  const link = showLink(found.get(neighbourAttributes.hardware));
  if (body[0] === families.bridge) return forwardingFacts(body, { found, device });
  const address = showAddress(found.get(neighbourAttributes.address));
  const isProxy = ((body[10] ?? 0) & flags.proxy) !== 0;
  // What is sent to a group needs no neighbour: the kernel makes those itself, without asking.
  if (!isProxy && (state & states.permanent) === 0) return [];
  if (!isProxy && body[0] === families.ipv4) return [];
  const what = isProxy ? "proxy" : "neighbour";
  return [
    {
      key: `${what} ${address} dev ${device}`,
      subject: isProxy
        ? `address ${address} that ${device} answers for`
        : `permanent neighbour ${address} of ${device}`,
      location: `${address} on ${device}`,
      uid: null,
      attributes: { device, link },
      show: `ip neighbour show ${isProxy ? "proxy " : ""}${address}`,
    },
  ];
}

/** Those that a bridge learnt by itself are nobody's setting. */
function forwardingFacts(
  body: Buffer,
  { found, device }: { found: Map<number, Buffer>; device: string },
): ListedFact[] {
  const link = showLink(found.get(neighbourAttributes.hardware));
  const state = body.readUInt16LE(8);
  // A VXLAN's address is of the other host; what joined a group at the card is the kernel's own entry there.
  const isSet = (state & (states.permanent | states.noArp)) !== 0;
  const isGroup = /^(?:33:33|01:00:5e|01:80:c2)/.test(link);
  if (!isSet || isGroup) return [];
  const target = found.get(neighbourAttributes.address);
  const to = target === undefined ? "" : showAddress(target);
  const vlan = littleEndian(found.get(neighbourAttributes.vlan));
  return [
    {
      key: `forwarding ${link} dev ${device} ${to} ${vlan}`,
      subject: `${link} that ${device} forwards to${to === "" ? "" : ` ${to}`}`,
      location: `${link} on ${device}`,
      uid: null,
      attributes: { device, link, to, vlan },
      show: `bridge fdb show dev ${device}`,
    },
  ];
}

function showLink(bytes: Buffer | undefined): string {
  return bytes?.toString("hex").replace(/..(?=.)/g, "$&:") ?? "";
}
