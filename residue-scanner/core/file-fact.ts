import type { FactAttributes } from "../../protocol/residue-report.ts";
import type { EntryPlace } from "./directory-diff.ts";
import { bytesOf, entryField, entryWords } from "./packed-tree.ts";

export const fileKinds = [
  "file",
  "directory",
  "symlink",
  "socket",
  "fifo",
  "character device",
  "block device",
] as const;
export type FileKind = (typeof fileKinds)[number];

const kindOfMode: Readonly<Record<number, FileKind>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
  0o140000: "socket",
  0o010000: "fifo",
  0o020000: "character device",
  0o060000: "block device",
};

/** `stx_attributes` of statx(2) by what chattr(1) and mount(8) call them. */
const flagNames: readonly (readonly [number, string])[] = [
  [0x4, "compressed"],
  [0x10, "immutable"],
  [0x20, "append-only"],
  [0x40, "no-dump"],
  [0x800, "encrypted"],
  [0x2000, "mount-point"],
  [0x100000, "verity"],
  [0x200000, "dax"],
];

export interface FileFact {
  readonly kind: FileKind;
  /** Permission bits with set-id and sticky. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly ino: number;
  readonly size: number;
  /** `major:minor`, of a device node. */
  readonly device: string | null;
  /** Nanoseconds since the epoch. */
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
  /** Zero where the file system does not record it. */
  readonly bornNs: bigint;
  readonly flags: readonly string[];
  /** `user.x=value`; a value that is not text in hexadecimal. */
  readonly xattrs: readonly string[];
}

export function fileFactAt({ block, entry }: EntryPlace): FileFact {
  const { words } = block;
  const word = (field: number) => words[entry + field] as number;
  const mode = word(entryField.modeAndName) & 0xffff;
  const kind = kindOfMode[mode & 0o170000] ?? "file";
  const device = word(entryField.device);
  return {
    kind,
    permissions: mode & 0o7777,
    uid: word(entryField.uid) >>> 0,
    gid: word(entryField.gid) >>> 0,
    links: word(entryField.links) >>> 0,
    ino: Number(wide(words, entry + entryField.ino)),
    size: Number(wide(words, entry + entryField.size)),
    device: kind.endsWith("device") ? `${device >>> 20}:${device & 0xfffff}` : null,
    modifiedNs: timeNs(words, entry + entryField.modified),
    changedNs: timeNs(words, entry + entryField.changed),
    bornNs: timeNs(words, entry + entryField.born),
    flags: flagsOf(word(entryField.flags)),
    xattrs: xattrsAt({ block, entry }),
  };
}

/** Nearly every file has none: of 20,000 that differ that is one list. */
const none: readonly string[] = [];

function flagsOf(bits: number): readonly string[] {
  const set = flagNames.filter(([bit]) => (bits & bit) !== 0);
  return set.length === 0 ? none : set.map(([, name]) => name);
}

export function fileAttributes(fact: FileFact): FactAttributes {
  return {
    kind: fact.kind,
    mode: fact.permissions.toString(8).padStart(4, "0"),
    uid: fact.uid,
    gid: fact.gid,
    size: fact.size,
    mtime: milliseconds(fact.modifiedNs),
    ctime: milliseconds(fact.changedNs),
    ...(fact.bornNs > 0n && { btime: milliseconds(fact.bornNs) }),
    ino: fact.ino,
    nlink: fact.links,
    ...(fact.device !== null && { device: fact.device }),
    ...(fact.flags.length > 0 && { flags: [...fact.flags] }),
    ...(fact.xattrs.length > 0 && { xattrs: [...fact.xattrs] }),
  };
}

/** The names of the attributes that differ, by full precision. */
export function changedAttributes(before: FileFact, after: FileFact): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["kind", before.kind, after.kind],
    ["mode", before.permissions, after.permissions],
    ["uid", before.uid, after.uid],
    ["gid", before.gid, after.gid],
    ["size", before.size, after.size],
    ["mtime", before.modifiedNs, after.modifiedNs],
    ["ctime", before.changedNs, after.changedNs],
    ["btime", before.bornNs, after.bornNs],
    ["ino", before.ino, after.ino],
    ["nlink", before.links, after.links],
    ["device", before.device, after.device],
    ["flags", before.flags.join(), after.flags.join()],
    ["xattrs", before.xattrs.join("\0"), after.xattrs.join("\0")],
  ];
  return pairs.filter(([, one, other]) => one !== other).map(([name]) => name);
}

export function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1000n) / 1000;
}

function timeNs(words: Int32Array, at: number): bigint {
  return wide(words, at) * 1_000_000_000n + BigInt((words[at + 2] as number) >>> 0);
}

function wide(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1] as number) << 32n) | BigInt((words[at] as number) >>> 0);
}

function xattrsAt({ block, entry }: EntryPlace): readonly string[] {
  if (block.words[entry + entryField.xattrBytes] === 0) return none;
  const start = (entry + entryWords) * 4 + ((block.words[entry] as number) >>> 16);
  const end = start + (block.words[entry + entryField.xattrBytes] as number);
  return unpackXattrs(bytesOf(block.words).subarray(start, end));
}

/** Takes apart what `collectors/files/xattr-reader.ts` packed. Sorted: their order on the disk means nothing. */
export function unpackXattrs(packed: Buffer): string[] {
  const xattrs: string[] = [];
  for (let at = 0; at < packed.length; ) {
    const name = at + 6;
    const value = name + packed.readUInt16LE(at);
    const end = value + packed.readUInt32LE(at + 2);
    xattrs.push(`${packed.toString("utf8", name, value)}=${showValue(packed.subarray(value, end))}`);
    at = end;
  }
  return xattrs.sort();
}

function showValue(value: Buffer): string {
  const text = value.toString("latin1").replace(/\0$/, "");
  return /^[\x20-\x7e]*$/.test(text) ? text : `0x${value.toString("hex")}`;
}
