import type { FactAttributes } from "../../../../protocol/residue-report.ts";
import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, listAttributes, littleEndian, textOf } from "../../netlink/attributes.ts";
import { NetlinkError, protocols, type Questions, withNetlink } from "../../netlink/netlink.ts";
import { shellPath } from "../../../core/path-text.ts";
import { readFeatures } from "./features.ts";

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
  segmentsMax: 40,
  segmentBytesMax: 41,
  program: 43,
  names: 52,
  gatheredBytesMax: 58,
} as const;
const infoAttributes = { kind: 1, data: 2, portKind: 4, portData: 5 } as const;
/** IFLA_BR_… and IFLA_BRPORT_… of linux/if_link.h that move by themselves: who is the root, timers, what was learnt. */
const movingOfBridge = new Set([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 47, 48]);
const setOfPort = new Set([2, 4, 5, 6, 7, 8, 9, 10, 11, 26, 27, 28, 32, 33, 37]);
/** Which of their ports is in use, and partners' states, stand among what is set of them. */
const movingKinds = new Set(["bond", "team", "can", "vcan", "hsr", "rmnet"]);
const getAddress = 22;
const addressHeaderBytes = 8;
const addressAttributes = { address: 1, local: 2 } as const;
/** IFA_F_PERMANENT: it has no lifetime, in the byte of flags of struct ifaddrmsg. */
const permanentAddress = 0x80;
const internet6 = 10;
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
  const info = attributesByType(found.get(linkAttributes.info) ?? Buffer.alloc(0));
  const kind = textOf(info.get(infoAttributes.kind));
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
        kind,
        ...detailsOf(found, { info, kind }),
        master: found.has(linkAttributes.master) ? number(linkAttributes.master) : null,
      },
      show: `ip -details address show dev ${shellPath(name)}`,
    },
  };
}

/** Other names, what belongs to its kind, to its port of a bridge, and a program that sees its packets first. */
function detailsOf(
  found: ReadonlyMap<number, Buffer>,
  { info, kind }: { info: ReadonlyMap<number, Buffer>; kind: string },
): FactAttributes {
  const number = (type: number) => littleEndian(found.get(type));
  const listed = (value: Buffer | undefined, isSet: (type: number) => boolean): string[] =>
    listAttributes(value ?? Buffer.alloc(0)).flatMap(({ type, value: each }) =>
      isSet(type) ? [`${type}=${each.toString("hex")}`] : [],
    );
  const isBridge = kind === "bridge";
  const settings = movingKinds.has(kind)
    ? []
    : listed(info.get(infoAttributes.data), (type) => !isBridge || !movingOfBridge.has(type));
  const isPort = textOf(info.get(infoAttributes.portKind)) === "bridge";
  const port = isPort ? listed(info.get(infoAttributes.portData), (type) => setOfPort.has(type)) : [];
  const names = listAttributes(found.get(linkAttributes.names) ?? Buffer.alloc(0)).map(({ value }) => textOf(value));
  const program = listed(found.get(linkAttributes.program), () => true);
  return {
    ...{ segmentsMax: number(linkAttributes.segmentsMax), segmentBytesMax: number(linkAttributes.segmentBytesMax) },
    gatheredBytesMax: number(linkAttributes.gatheredBytesMax),
    ...(settings.length > 0 && { settings }),
    ...(port.length > 0 && { port }),
    ...(names.length > 0 && { names: names.sort() }),
    // Of one without, only that it is none is told.
    ...(program.length > 1 && { program }),
  };
}

export function showFlags(flags: number): string[] {
  return Object.entries(wordedFlags).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}

/** Interfaces of this very network namespace by their names; null where they cannot be asked for. */
export function readOwnLinks(): ReadonlyMap<string, FactAttributes> | null {
  try {
    const links = withNetlink(protocols.route, readLinks);
    const features = withNetlink(protocols.generic, readFeatures);
    const featuresOf = (name: string) => {
      const set = features?.get(name);
      return set === undefined ? {} : { features: set };
    };
    return (
      links && new Map([...links.values()].map(({ name, fact }) => [name, { ...fact.attributes, ...featuresOf(name) }]))
    );
  } catch (error) {
    if (error instanceof NetlinkError) return null;
    throw error;
  }
}

/** The keys of those addresses of this very network namespace that have a lifetime, which no table in /proc tells. */
export function readPassingAddresses(): ReadonlySet<string> {
  try {
    return withNetlink(protocols.route, (netlink) => passingAddresses(netlink, readLinks(netlink))) ?? new Set();
  } catch (error) {
    if (error instanceof NetlinkError) return new Set();
    throw error;
  }
}

function passingAddresses(netlink: Questions, links: ReadonlyMap<number, Link>): Set<string> {
  const messages = netlink.dump({ type: getAddress, body: Buffer.alloc(addressHeaderBytes) });
  const passing = messages.filter(({ body }) => isPassing(body));
  return new Set(
    passing.map(({ body }) => {
      const found = attributesByType(body, addressHeaderBytes);
      const address = showAddress(found.get(addressAttributes.local) ?? found.get(addressAttributes.address));
      if (body[0] !== internet6) return `address ${address}`;
      return `address ${address}/${body[1]} on ${links.get(body.readUInt32LE(4))?.name ?? "?"}`;
    }),
  );
}

function isPassing(body: Buffer): boolean {
  return ((body[2] ?? 0) & permanentAddress) === 0;
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
      ...{ key: `address ${location}`, subject: `address ${location}`, location, uid: null },
      attributes: { device, ...(isPassing(body) && { passes: true }) },
      show: `ip address show dev ${shellPath(device)}`,
    };
    return [fact];
  });
  return [...[...links.values()].filter(({ name }) => name !== loopback).map(({ fact }) => fact), ...addresses];
}
