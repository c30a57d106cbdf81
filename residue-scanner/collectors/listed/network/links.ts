import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, littleEndian, textOf } from "../../netlink/attributes.ts";
import type { Netlink } from "../../netlink/netlink.ts";

/** linux/rtnetlink.h, struct ifinfomsg and ifaddrmsg. */
const getLink = 18;
const linkHeaderBytes = 16;
const linkAttributes = { address: 1, name: 3, mtu: 4 } as const;
const getAddress = 22;
const addressHeaderBytes = 8;
const addressAttributes = { address: 1, local: 2 } as const;
const upFlag = 0x1;
const loopback = "lo";

interface Link {
  readonly name: string;
  readonly fact: ListedFact;
}

/** Interfaces by their numbers. */
export function readLinks(netlink: Netlink): Map<number, Link> {
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
  const isUp = (body.readUInt32LE(8) & upFlag) !== 0;
  return {
    name,
    fact: {
      ...{ key: `interface ${name}`, subject: `network interface ${name}`, location: name, uid: null },
      attributes: { address, mtu: littleEndian(found.get(linkAttributes.mtu)), isUp },
      show: `ip -details address show dev ${name}`,
    },
  };
}

/** Interfaces and addresses beyond those that every namespace has. */
export function readLinksAndAddresses(netlink: Netlink, links: ReadonlyMap<number, Link>): ListedFact[] {
  const addresses = netlink.dump({ type: getAddress, body: Buffer.alloc(addressHeaderBytes) }).flatMap(({ body }) => {
    const found = attributesByType(body, addressHeaderBytes);
    const device = links.get(body.readUInt32LE(4))?.name ?? "?";
    const bytes = found.get(addressAttributes.local) ?? found.get(addressAttributes.address);
    const address = `${showAddress(bytes)}/${body[1]}`;
    if (device === loopback) return [];
    const location = `${address} on ${device}`;
    const fact: ListedFact = {
      ...{ key: `address ${location}`, subject: `address ${location}`, location, uid: null, attributes: { device } },
      show: `ip address show dev ${device}`,
    };
    return [fact];
  });
  return [...[...links.values()].filter(({ name }) => name !== loopback).map(({ fact }) => fact), ...addresses];
}
