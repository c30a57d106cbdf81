import { attributesByType, textOf } from "../../netlink/attributes.ts";
import { orNone, type Questions } from "../../netlink/netlink.ts";
import { familyNumber, genericHeaderBytes } from "./sundries.ts";

/** linux/ethtool_netlink.h */
const family = "ethtool";
const getFeatures = 11;
const header = { attribute: 1, name: 2, flags: 3 } as const;
const wanted = 3;
const bitsetValue = 4;
const nested = 0x8000;

/** A header with ETHTOOL_FLAG_COMPACT_BITSETS: as bits, without their names. */
function requestBody(): Buffer {
  const body = Buffer.alloc(genericHeaderBytes + 12);
  body.set([getFeatures, 1]);
  body.writeUInt16LE(12, 4);
  body.writeUInt16LE(header.attribute | nested, 6);
  body.writeUInt16LE(8, 8);
  body.writeUInt16LE(header.flags, 10);
  body.writeUInt32LE(1, 12);
  return body;
}

/** Which features of each interface somebody wants to be on, as bits in hexadecimal (ethtool(8), `-k`). */
export function readFeatures(netlink: Questions): Map<string, string> {
  const messages = orNone(() => {
    const type = familyNumber(netlink, family);
    return type === null ? [] : netlink.dump({ type, body: requestBody() });
  });
  return new Map(
    messages.map(({ body }) => {
      const found = attributesByType(body, genericHeaderBytes);
      const name = textOf(attributesByType(found.get(header.attribute) ?? Buffer.alloc(0)).get(header.name));
      const bits = attributesByType(found.get(wanted) ?? Buffer.alloc(0)).get(bitsetValue);
      return [name, bits?.toString("hex") ?? ""];
    }),
  );
}
