import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { attributesByType, listAttributes, littleEndian, textOf } from "../../netlink/attributes.ts";
import { orNone, type Questions } from "../../netlink/netlink.ts";

/** linux/nexthop.h, struct nhmsg: family, scope, protocol, flags. */
const getNextHop = 106;
const nextHopHeaderBytes = 8;
const nextHopAttributes = { id: 1, group: 2, blackhole: 4, device: 5, gateway: 6 } as const;
/** linux/if_addrlabel.h, struct ifaddrlblmsg: family, prefix's length, flags, index. */
const getLabel = 74;
const labelHeaderBytes = 12;
const internet6 = 10;
const labelAttributes = { prefix: 1, label: 2 } as const;
/** linux/genetlink.h: whoever answers for a family, and linux/mptcp_pm.h. */
const genericController = 16;
const getFamily = 3;
const familyAttributes = { id: 1, name: 2 } as const;
const mptcpFamily = "mptcp_pm";
const mptcpCommands = { getAddress: 3, getLimits: 6 } as const;
const mptcpAddress = { family: 1, id: 2, address4: 3, address6: 4, port: 5, flags: 6, index: 7 } as const;
export const genericHeaderBytes = 4;
/** The key of the fact that every namespace has. */
export const multipathLimits = "multipath limits";

/** Next hops that routes share (ip-nexthop(8)), and labels by which addresses are chosen (ip-addrlabel(8)). */
export function readSundries(netlink: Questions, nameOf: (index: number) => string): ListedFact[] {
  const dump = (type: number, body: Buffer) => netlink.dump({ type, body });
  const ofInternet6 = Buffer.alloc(labelHeaderBytes);
  ofInternet6[0] = internet6;
  return [
    ...orNone(() => dump(getNextHop, Buffer.alloc(nextHopHeaderBytes)).map(({ body }) => nextHopFact(body, nameOf))),
    ...orNone(() => dump(getLabel, ofInternet6).map(({ body }) => labelFact(body))),
  ];
}

/** @param body of a message RTM_NEWNEXTHOP or RTM_DELNEXTHOP */
export function nextHopFact(body: Buffer, nameOf: (index: number) => string): ListedFact {
  const found = attributesByType(body, nextHopHeaderBytes);
  const id = littleEndian(found.get(nextHopAttributes.id));
  const device = found.has(nextHopAttributes.device) ? nameOf(littleEndian(found.get(nextHopAttributes.device))) : "";
  return {
    ...{ key: `nexthop ${id}`, subject: `next hop ${id}`, location: `next hop ${id}`, uid: null },
    attributes: {
      device,
      via: found.has(nextHopAttributes.gateway) ? showAddress(found.get(nextHopAttributes.gateway)) : "",
      group: found.get(nextHopAttributes.group)?.toString("hex") ?? "",
      drops: found.has(nextHopAttributes.blackhole),
    },
    show: `ip nexthop show id ${id}`,
  };
}

function labelFact(body: Buffer): ListedFact {
  const found = attributesByType(body, labelHeaderBytes);
  const prefix = `${showAddress(found.get(labelAttributes.prefix))}/${body[2]}`;
  const label = littleEndian(found.get(labelAttributes.label));
  return {
    ...{ key: `label ${prefix}`, subject: `label ${label} of addresses ${prefix}`, location: prefix, uid: null },
    attributes: { label },
    show: "ip addrlabel list",
  };
}

/** Addresses that connections of multipath TCP may use, and how many (ip-mptcp(8)). */
export function readMultipath(netlink: Questions): ListedFact[] {
  return orNone(() => {
    const family = familyNumber(netlink, mptcpFamily);
    if (family === null) return [];
    const addresses = netlink.dump({ type: family, body: Buffer.from([mptcpCommands.getAddress, 1, 0, 0]) });
    const [limits] = netlink.dump({ type: family, body: Buffer.from([mptcpCommands.getLimits, 1, 0, 0]), flags: 0 });
    return [
      ...addresses.map(({ body }) => endpointFact(body)),
      ...(limits === undefined ? [] : [limitsFact(limits.body)]),
    ];
  });
}

export function familyNumber(netlink: Questions, wanted: string): number | null {
  const families = netlink.dump({ type: genericController, body: Buffer.from([getFamily, 2, 0, 0]) });
  for (const { body } of families) {
    const found = attributesByType(body, genericHeaderBytes);
    if (textOf(found.get(familyAttributes.name)) === wanted) return littleEndian(found.get(familyAttributes.id));
  }
  return null;
}

function endpointFact(body: Buffer): ListedFact {
  const [outer] = listAttributes(body, genericHeaderBytes);
  const found = attributesByType(outer?.value ?? Buffer.alloc(0));
  const address = showAddress(found.get(mptcpAddress.address4) ?? found.get(mptcpAddress.address6));
  const number = (type: number) => littleEndian(found.get(type));
  return {
    key: `endpoint ${address} ${number(mptcpAddress.id)}`,
    subject: `address ${address} for multipath TCP`,
    location: `${address} of multipath TCP`,
    uid: null,
    attributes: { id: number(mptcpAddress.id), port: number(mptcpAddress.port), flags: number(mptcpAddress.flags) },
    show: "ip mptcp endpoint show",
  };
}

function limitsFact(body: Buffer): ListedFact {
  const words = listAttributes(body, genericHeaderBytes).map(({ type, value }) => `${type}=${littleEndian(value)}`);
  return {
    ...{ key: multipathLimits, subject: "limits of multipath TCP", location: "limits of multipath TCP", uid: null },
    attributes: { limits: words },
    show: "ip mptcp limits show",
  };
}
