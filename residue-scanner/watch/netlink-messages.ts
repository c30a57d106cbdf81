import type { KernelCalls } from "./kernel-calls.ts";

/** AF_NETLINK of sys/socket.h. */
export const netlinkFamily = 16;
/** SOCK_CLOEXEC and SOCK_NONBLOCK. */
export const socketFlags = 0o2004000;
/** sizeof(struct sockaddr_nl) */
export const netlinkAddressBytes = 12;
const headerBytes = 64;
const vectorBytes = 16;
const senderLengthAt = 8;
const flagsAt = 48;
const lengthAt = 56;
const truncated = 0x20;
const senderPortAt = 4;

/** What waits on a netlink(7) socket, read many messages at a time by recvmmsg(2). */
export class NetlinkMessages {
  /** The messages' bytes, overwritten by the next `receive`. */
  readonly data: Buffer;
  private readonly calls: KernelCalls;
  private readonly slots: number;
  private readonly slotBytes: number;
  private readonly headers: DataView;
  private readonly vectors: DataView;
  private readonly senders: DataView;

  /** @param room how many messages at a time, and how many bytes for each */
  constructor(calls: KernelCalls, { slots, slotBytes }: { readonly slots: number; readonly slotBytes: number }) {
    this.calls = calls;
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.data = Buffer.from(new ArrayBuffer(slots * slotBytes));
    this.headers = new DataView(new ArrayBuffer(slots * headerBytes));
    this.vectors = new DataView(new ArrayBuffer(slots * vectorBytes));
    this.senders = new DataView(new ArrayBuffer(slots * netlinkAddressBytes));
    for (let slot = 0; slot < slots; slot += 1) this.prepare(slot);
  }

  /** @returns how many there were; negative for an error number */
  receive(descriptor: number): number {
    const { calls } = this;
    const count = calls.recvmmsg(descriptor, calls.addressOf(this.headers), this.slots, 0, 0);
    return count < 0 ? -calls.errno() : count;
  }

  /** Only the kernel sends as port 0; anybody with enough rights can send as another. */
  isKernels(slot: number): boolean {
    return this.senders.getUint32(slot * netlinkAddressBytes + senderPortAt, true) === 0;
  }

  /** Whether it had more bytes than there is room for. */
  isCut(slot: number): boolean {
    return (this.headers.getInt32(slot * headerBytes + flagsAt, true) & truncated) !== 0;
  }

  /** Where in `data` it begins. */
  start(slot: number): number {
    return slot * this.slotBytes;
  }

  /** In bytes. */
  length(slot: number): number {
    return this.headers.getUint32(slot * headerBytes + lengthAt, true);
  }

  /** struct mmsghdr of 64-bit Linux: what recvmmsg(2) reads each message into. */
  private prepare(slot: number): void {
    const { calls, headers, vectors } = this;
    const header = slot * headerBytes;
    headers.setBigUint64(header, BigInt(calls.addressOf(this.senders) + slot * netlinkAddressBytes), true);
    headers.setUint32(header + senderLengthAt, netlinkAddressBytes, true);
    headers.setBigUint64(header + 16, BigInt(calls.addressOf(vectors) + slot * vectorBytes), true);
    headers.setBigUint64(header + 24, 1n, true);
    vectors.setBigUint64(slot * vectorBytes, BigInt(calls.addressOf(this.data) + slot * this.slotBytes), true);
    vectors.setBigUint64(slot * vectorBytes + 8, BigInt(this.slotBytes), true);
  }
}
