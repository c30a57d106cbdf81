import type { FactAttributes } from "../../../../protocol/residue-report.ts";
import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, littleEndian, textOf } from "../../netlink/attributes.ts";
import { NetlinkError, protocols, type Questions, withNetlink } from "../../netlink/netlink.ts";
import { shellPath } from "../../../core/path-text.ts";

/** linux/rtnetlink.h, struct ifinfomsg and ifaddrmsg. */
const getLink = 18;
const linkHeaderBytes = 16;
const linkAttributes = {
  address: 1,
  name: 3,
  mtu: 4,
  master: 10,
  queueLength: 13,
  info: 18,
  alias: 20,
  group: 27,
} as const;
const infoKind = 1;
const getAddress = 22;
const addressHeaderBytes = 8;
const addressAttributes = { address: 1, local: 2 } as const;
/** Whether it is up is the owner's word; whether there is a cable is not (IFF_UP, IFF_PROMISC of if.h). */
const wordedFlags = { up: 0x1, noArp: 0x80, promiscuous: 0x100, allMulticast: 0x200, multicast: 0x1000 } as const;
const loopback = "lo";

interface Link {
  readonly name: string;
  readonly fact: ListedFact;
}

/** Interfaces by their numbers. */
export function readLinks(netlink: Questions): Map<number, Link> {
  const messages = netlink.dump({ type: getLink, body: Buffer.alloc(linkHeaderBytes) });
  return new Map(messages.map(({ body }) => [body.readInt32LE(4), linkOf(body)]));
}

function linkOf(body: Buffer): Link {
  const found = attributesByType(body, linkHeaderBytes);
  const name = textOf(found.get(linkAttributes.name));
  const address =
    found
      .get(linkAttributes.address)
      ?.toString("hex")
      .replace(/..(?=.)/g, "$&:") ?? "";
  const number = (type: number) => littleEndian(found.get(type));
  return {
    name,
    fact: {
      ...{ key: `interface ${name}`, subject: `network interface ${name}`, location: name, uid: null },
      attributes: {
        address,
        mtu: number(linkAttributes.mtu),
        flags: showFlags(body.readUInt32LE(8)),
        queueLength: number(linkAttributes.queueLength),
        group: number(linkAttributes.group),
        alias: textOf(found.get(linkAttributes.alias)),
        kind: textOf(attributesByType(found.get(linkAttributes.info) ?? Buffer.alloc(0)).get(infoKind)),
        master: found.has(linkAttributes.master) ? number(linkAttributes.master) : null,
      },
      show: `ip -details address show dev ${shellPath(name)}`,
    },
  };
}

export function showFlags(flags: number): string[] {
  return Object.entries(wordedFlags).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}

/** Interfaces of this very network namespace by their names; null where they cannot be asked for. */
export function readOwnLinks(): ReadonlyMap<string, FactAttributes> | null {
  try {
    const links = withNetlink(protocols.route, readLinks);
    return links && new Map([...links.values()].map(({ name, fact }) => [name, fact.attributes]));
  } catch (error) {
    if (error instanceof NetlinkError) return null;
    throw error;
  }
}

/** Interfaces and addresses beyond those that every namespace has. */
export function readLinksAndAddresses(netlink: Questions, links: ReadonlyMap<number, Link>): ListedFact[] {
  const addresses = netlink.dump({ type: getAddress, body: Buffer.alloc(addressHeaderBytes) }).flatMap(({ body }) => {
    const found = attributesByType(body, addressHeaderBytes);
    const device = links.get(body.readUInt32LE(4))?.name ?? "?";
    const bytes = found.get(addressAttributes.local) ?? found.get(addressAttributes.address);
    const address = `${showAddress(bytes)}/${body[1]}`;
    if (device === loopback) return [];
    const location = `${address} on ${device}`;
    const fact: ListedFact = {
      ...{ key: `address ${location}`, subject: `address ${location}`, location, uid: null, attributes: { device } },
      show: `ip address show dev ${shellPath(device)}`,
    };
    return [fact];
  });
  return [...[...links.values()].filter(({ name }) => name !== loopback).map(({ fact }) => fact), ...addresses];
}
