import { constants } from "node:os";

import { kernelCalls } from "../collectors/kernel-calls.ts";

/** linux/netfilter/nfnetlink.h and nf_tables.h */
const batchBegin = 0x10;
const batchEnd = 0x11;
const newTable = 10 << 8;
const nftSubsystem = 10;
const flags = { request: 0x1, acknowledge: 0x4, create: 0x400 };
const inetFamily = 1;

/** Makes an nftables table of the family `inet` in the network namespace of this thread, without nft(8). */
export function makeNftTable(name: string): void {
  const calls = kernelCalls();
  if (calls === null) throw new Error("koffi has no binary for this platform");
  const value = Buffer.from(`${name}\0`);
  const attribute = Buffer.alloc((4 + value.length + 3) & ~3);
  attribute.writeUInt16LE(4 + value.length, 0);
  attribute.writeUInt16LE(1, 2);
  attribute.set(value, 4);
  const batch = Buffer.concat([
    message({ type: batchBegin, flags: flags.request, header: [0, 0, 0, nftSubsystem] }),
    message({
      type: newTable,
      flags: flags.request | flags.create | flags.acknowledge,
      header: [inetFamily, 0, 0, 0],
      attribute,
    }),
    message({ type: batchEnd, flags: flags.request, header: [0, 0, 0, nftSubsystem] }),
  ]);
  const answer = Buffer.alloc(4_096);
  const socket = calls.socket(16, 3, 12);
  try {
    calls.send(socket, calls.addressOf(batch), batch.length, 0);
    const bytes = calls.recv(socket, calls.addressOf(answer), answer.length, 0);
    const errno = bytes < 20 ? constants.errno.EIO : -answer.readInt32LE(16);
    if (errno !== 0) throw new Error(`The kernel makes no table: errno ${errno}.`);
  } finally {
    calls.close(socket);
  }
}

function message({
  type,
  flags,
  header,
  attribute = Buffer.alloc(0),
}: {
  type: number;
  flags: number;
  header: readonly number[];
  attribute?: Buffer;
}): Buffer {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(20 + attribute.length, 0);
  start.writeUInt16LE(type, 4);
  start.writeUInt16LE(flags, 6);
  start.writeUInt32LE(1, 8);
  return Buffer.concat([start, Buffer.from(header), attribute]);
}
