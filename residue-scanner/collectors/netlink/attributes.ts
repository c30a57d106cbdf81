/** One attribute of a netlink message; `value` may hold more of them. */
export interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

const headerBytes = 4;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER say something about the value. */
const typeMask = 0x3fff;

/** The attributes that stand from an offset on (linux/netlink.h, struct nlattr). */
export function listAttributes(bytes: Buffer, from = 0): Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = from; at + headerBytes <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < headerBytes || at + length > bytes.length) break;
    const type = bytes.readUInt16LE(at + 2) & typeMask;
    attributes.push({ type, value: bytes.subarray(at + headerBytes, at + length) });
    at += (length + 3) & ~3;
  }
  return attributes;
}

/** The same by their types, where each comes once. */
export function attributesByType(bytes: Buffer, from = 0): Map<number, Buffer> {
  return new Map(listAttributes(bytes, from).map(({ type, value }) => [type, value]));
}

/** A zero-terminated text, one character a byte. */
export function textOf(value: Buffer | undefined): string {
  if (value === undefined) return "";
  const end = value.indexOf(0);
  return value.toString("latin1", 0, end < 0 ? value.length : end);
}

/** Numbers of netfilter are in the network's byte order. */
export function bigEndian(value: Buffer | undefined): number {
  if (value === undefined || value.length === 0) return 0;
  return value.length > 6 ? Number(value.readBigUInt64BE(0)) : value.readUIntBE(0, value.length);
}

export function littleEndian(value: Buffer | undefined): number {
  if (value === undefined || value.length === 0) return 0;
  return value.length > 6 ? Number(value.readBigUInt64LE(0)) : value.readUIntLE(0, value.length);
}
