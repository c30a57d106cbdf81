import type { ListedFact } from "../../../core/fact.ts";
import { showAddress } from "../../netlink/addresses.ts";
import type { Questions } from "../../netlink/netlink.ts";

/** linux/xfrm.h: struct xfrm_usersa_info and xfrm_userpolicy_info begin with a selector. */
const getAssociation = 0x12;
const getPolicy = 0x15;
const selector = { to: 0, from: 16, family: 40, toBits: 42, fromBits: 43, bytes: 56 } as const;
const association = { to: 56, spi: 72, protocol: 76, from: 80 } as const;
const policy = { priority: 152, index: 156, direction: 160, action: 161 } as const;
const directions = ["in", "out", "forward"];
const internet6 = 10;

/** IPsec associations and policies (ip-xfrm(8)). Their keys are never looked at. */
export function readTransforms(netlink: Questions): ListedFact[] {
  const body = Buffer.alloc(0);
  return [
    ...netlink.dump({ type: getAssociation, body }).map((message) => associationFact(message.body)),
    ...netlink.dump({ type: getPolicy, body }).map((message) => policyFact(message.body)),
  ];
}

function associationFact(body: Buffer): ListedFact {
  // The family stands behind both addresses, two times and the counters.
  const bytes = isVersion6(body, association.to) ? 16 : 4;
  const at = (from: number) => showAddress(body.subarray(from, from + bytes));
  const spi = `0x${body.readUInt32BE(association.spi).toString(16).padStart(8, "0")}`;
  const [from, to, protocol] = [at(association.from), at(association.to), body[association.protocol] ?? 0];
  return {
    key: `association ${to} ${spi} ${protocol}`,
    subject: `IPsec association ${spi} from ${from} to ${to}`,
    location: `association ${spi} to ${to}`,
    uid: null,
    attributes: { from, to, spi, protocol },
    show: `ip xfrm state list spi ${spi}`,
  };
}

/** What is behind the first four bytes of an address of version 4 is clear. */
function isVersion6(body: Buffer, at: number): boolean {
  return body.subarray(at + 4, at + 16).some((byte) => byte !== 0);
}

function policyFact(body: Buffer): ListedFact {
  const bytes = body.readUInt16LE(selector.family) === internet6 ? 16 : 4;
  const network = (at: number, bitsAt: number) => `${showAddress(body.subarray(at, at + bytes))}/${body[bitsAt]}`;
  const attributes = {
    from: network(selector.from, selector.fromBits),
    to: network(selector.to, selector.toBits),
    direction: directions[body[policy.direction] ?? 0] ?? String(body[policy.direction]),
    action: body[policy.action] === 1 ? "block" : "allow",
    priority: body.readUInt32LE(policy.priority),
  };
  const index = body.readUInt32LE(policy.index);
  return {
    key: `policy ${index} ${Object.values(attributes).join(" ")}`,
    subject: `IPsec policy from ${attributes.from} to ${attributes.to}, ${attributes.direction}`,
    location: `policy ${index}`,
    uid: null,
    attributes,
    show: `ip xfrm policy list index ${index}`,
  };
}
