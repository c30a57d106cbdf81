import { neighbourFacts } from "../listed/network/neighbours.ts";
import { partFact } from "../listed/network/queueing.ts";
import { nextHopFact } from "../listed/network/sundries.ts";
import { ruleFact, tableRouteFact } from "../listed/network/routing.ts";
import { showAddress } from "./addresses.ts";
import { attributesByType, littleEndian, textOf } from "./attributes.ts";
import type { NetlinkMessage } from "./netlink.ts";

/** linux/rtnetlink.h */
const messageNames: Readonly<Record<number, string>> = {
  16: "RTM_NEWLINK",
  17: "RTM_DELLINK",
  20: "RTM_NEWADDR",
  21: "RTM_DELADDR",
  24: "RTM_NEWROUTE",
  25: "RTM_DELROUTE",
  28: "RTM_NEWNEIGH",
  29: "RTM_DELNEIGH",
  32: "RTM_NEWRULE",
  33: "RTM_DELRULE",
  36: "RTM_NEWQDISC",
  37: "RTM_DELQDISC",
  40: "RTM_NEWTCLASS",
  41: "RTM_DELTCLASS",
  44: "RTM_NEWTFILTER",
  45: "RTM_DELTFILTER",
  104: "RTM_NEWNEXTHOP",
  105: "RTM_DELNEXTHOP",
};
const internet6 = 10;
const bridgeFamily = 7;
const mainTable = 254;

/** What the kernel tells of one change of its network. */
export interface NetworkChange {
  /** `RTM_NEWADDR` */
  readonly message: string;
  /** Keys of the facts that it can be, as `collectNetwork` and `readRouting` give them. */
  readonly keys: readonly string[];
}

/** Reads notifications, and keeps by which name each interface goes. */
export class ChangeMessages {
  private readonly names: Map<number, string>;

  constructor(names: ReadonlyMap<number, string>) {
    this.names = new Map(names);
  }

  /** @returns null for one that no fact comes of */
  read({ type, body }: NetlinkMessage): NetworkChange | null {
    const message = messageNames[type];
    const keys = message === undefined ? [] : this.keysOf(type & ~3, body);
    return message === undefined || keys.length === 0 ? null : { message, keys };
  }

  private keysOf(kind: number, body: Buffer): string[] {
    if (kind === 16) return this.linkKeys(body);
    if (kind === 20) return this.addressKeys(body);
    if (kind === 24) return this.routeKeys(body);
    if (kind === 28) {
      const further = neighbourFacts(body, (index) => this.nameOf(index)).map(({ key }) => key);
      if (further.length > 0 || body[0] === bridgeFamily) return further;
      const address = showAddress(attributesByType(body, 12).get(1));
      return [`neighbour ${address} dev ${this.nameOf(body.readInt32LE(4))}`];
    }
    if (kind === 32) return [ruleFact(body, familyOf(body)).key];
    if (kind === 40 || kind === 44)
      return [partFact(kind === 40 ? "class" : "filter", body, (index) => this.nameOf(index)).key];
    if (kind === 104) return [nextHopFact(body, (index) => this.nameOf(index)).key];
    const [handle, parent] = [body.readUInt32LE(8), body.readUInt32LE(12)];
    return [`queue ${this.nameOf(body.readInt32LE(4))} ${parent.toString(16)} ${handle.toString(16)}`];
  }

  /** One that got another name was under the old one, too. */
  private linkKeys(body: Buffer): string[] {
    // Also told of a bridge's ports (AF_BRIDGE), which is no change of the interface.
    if (body[0] !== 0) return [];
    const index = body.readInt32LE(4);
    const name = textOf(attributesByType(body, 16).get(3));
    const names = new Set([this.names.get(index) ?? name, name]);
    this.names.set(index, name);
    return [...names].map((each) => `interface ${each}`);
  }

  private addressKeys(body: Buffer): string[] {
    const found = attributesByType(body, 8);
    const address = showAddress(found.get(2) ?? found.get(1));
    if (body[0] !== internet6) return [`address ${address}`];
    return [`address ${address}/${body[1]} on ${this.nameOf(body.readInt32LE(4))}`];
  }

  private routeKeys(body: Buffer): string[] {
    const found = attributesByType(body, 12);
    const isInternet6 = body[0] === internet6;
    const table = found.has(15) ? littleEndian(found.get(15)) : body[4];
    const any = isInternet6 ? "::" : "0.0.0.0";
    const target = `${found.has(1) ? showAddress(found.get(1)) : any}/${body[1]}`;
    const device = found.has(4) ? this.nameOf(littleEndian(found.get(4))) : "*";
    const via = found.has(5) ? showAddress(found.get(5)) : any;
    const ordinary = `route ${target} dev ${device} via ${via} metric ${littleEndian(found.get(6))}`;
    const ofTable = tableRouteFact(body, { family: familyOf(body), nameOf: (index) => this.nameOf(index) });
    return [...(isInternet6 || table === mainTable ? [ordinary] : []), ...ofTable.map(({ key }) => key)];
  }

  private nameOf(index: number): string {
    return this.names.get(index) ?? `interface ${index}`;
  }
}

function familyOf(body: Buffer): string {
  return body[0] === internet6 ? "ipv6" : "ipv4";
}
