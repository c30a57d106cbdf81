import type { KernelCalls } from "./kernel-calls.ts";

const netlinkFamily = 16;
const rawSocket = 3;
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const routeProtocol = 0;
const addressBytes = 12;
const socketLevel = 1;
const receiveBufferForce = 33;
/** RTNLGRP_LINK, NEIGH, TC, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE (linux/rtnetlink.h). */
const groups = [1, 3, 4, 5, 7, 8, 9, 11, 19];

/** Messages of one recvmmsg(2), and the room for each: an interface's takes some 2,000 bytes. */
const slots = 16;
const slotBytes = 32_768;
const headerBytes = 64;
const vectorBytes = 16;
const truncated = 0x20;
const errnoInterrupted = 4;
const errnoAgain = 11;
const errnoNoBuffers = 105;

/** rtnetlink(7): every change of the own network namespace is told here. */
export class NetworkChangeSocket {
  readonly descriptor: number;
  /** How often messages were lost: no room for them, or not for one of them. */
  lost = 0;
  private readonly calls: KernelCalls;
  private readonly data = Buffer.from(new ArrayBuffer(slots * slotBytes));
  private readonly headers = new DataView(new ArrayBuffer(slots * headerBytes));
  private readonly vectors = new DataView(new ArrayBuffer(slots * vectorBytes));
  private readonly senders = new DataView(new ArrayBuffer(slots * addressBytes));

  private constructor(calls: KernelCalls, descriptor: number) {
    this.calls = calls;
    this.descriptor = descriptor;
    for (let slot = 0; slot < slots; slot += 1) this.prepare(slot);
  }

  /** @returns null where the kernel refuses */
  static open(calls: KernelCalls, { roomBytes }: { readonly roomBytes: number }): NetworkChangeSocket | null {
    const descriptor = calls.socket(netlinkFamily, rawSocket | closeOnExec | nonBlocking, routeProtocol);
    if (descriptor < 0) return null;
    const room = new Int32Array([roomBytes]);
    calls.setsockopt(descriptor, socketLevel, receiveBufferForce, calls.addressOf(room), 4);
    // struct sockaddr_nl; group n is bit n-1.
    const address = new DataView(new ArrayBuffer(addressBytes));
    address.setUint16(0, netlinkFamily, true);
    address.setUint32(
      8,
      groups.reduce((bits, group) => bits | (1 << (group - 1)), 0),
      true,
    );
    if (calls.bind(descriptor, calls.addressOf(address), addressBytes) === 0)
      return new NetworkChangeSocket(calls, descriptor);
    calls.close(descriptor);
    return null;
  }

  /**
   * Takes in all that waits.
   *
   * @param take told of each datagram; its bytes are filled anew afterwards
   * @returns how many there were
   */
  drain(take: (bytes: Buffer) => void): number {
    const { calls, headers } = this;
    for (let total = 0; ; ) {
      const count = calls.recvmmsg(this.descriptor, calls.addressOf(headers), slots, 0, 0);
      if (count < 0) {
        const errno = calls.errno();
        if (errno === errnoInterrupted) continue;
        if (errno !== errnoAgain) this.lost += 1;
        // ENOBUFS is told once; what came before it still waits.
        if (errno === errnoNoBuffers) continue;
        return total;
      }
      for (let slot = 0; slot < count; slot += 1) this.takeSlot(slot, take);
      total += count;
    }
  }

  close(): void {
    this.calls.close(this.descriptor);
  }

  private takeSlot(slot: number, take: (bytes: Buffer) => void): void {
    const { headers } = this;
    const header = slot * headerBytes;
    // Only the kernel sends as port 0; anybody with enough rights can send as another.
    const isKernels = this.senders.getUint32(slot * addressBytes + 4, true) === 0;
    const isCut = (headers.getInt32(header + 48, true) & truncated) !== 0;
    const start = slot * slotBytes;
    if (isKernels && isCut) this.lost += 1;
    else if (isKernels) take(this.data.subarray(start, start + headers.getUint32(header + 56, true)));
    headers.setUint32(header + 8, addressBytes, true);
  }

  /** struct mmsghdr of 64-bit Linux: what recvmmsg(2) reads each message into. */
  private prepare(slot: number): void {
    const { calls, headers, vectors } = this;
    const header = slot * headerBytes;
    headers.setBigUint64(header, BigInt(calls.addressOf(this.senders) + slot * addressBytes), true);
    headers.setUint32(header + 8, addressBytes, true);
    headers.setBigUint64(header + 16, BigInt(calls.addressOf(vectors) + slot * vectorBytes), true);
    headers.setBigUint64(header + 24, 1n, true);
    vectors.setBigUint64(slot * vectorBytes, BigInt(calls.addressOf(this.data) + slot * slotBytes), true);
    vectors.setBigUint64(slot * vectorBytes + 8, BigInt(slotBytes), true);
  }
}
