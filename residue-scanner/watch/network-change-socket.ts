import type { KernelCalls } from "./kernel-calls.ts";
import { netlinkAddressBytes, netlinkFamily, NetlinkMessages, socketFlags } from "./netlink-messages.ts";

const rawSocket = 3;
const routeProtocol = 0;
const socketLevel = 1;
const receiveBufferForce = 33;
/** RTNLGRP_LINK, NEIGH, TC, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE, NEXTHOP (linux/rtnetlink.h). */
const groups = [1, 3, 4, 5, 7, 8, 9, 11, 19, 32];

/** Messages of one recvmmsg(2), and the room for each: an interface's takes some 2,000 bytes. */
const room = { slots: 16, slotBytes: 32_768 };
const errnoInterrupted = 4;
const errnoAgain = 11;
const errnoNoBuffers = 105;

/** rtnetlink(7): every change of the own network namespace is told here. */
export class NetworkChangeSocket {
  readonly descriptor: number;
  /** How often messages were lost: no room for them, or not for one of them. */
  lost = 0;
  private readonly calls: KernelCalls;
  private readonly messages: NetlinkMessages;

  private constructor(calls: KernelCalls, descriptor: number) {
    this.calls = calls;
    this.descriptor = descriptor;
    this.messages = new NetlinkMessages(calls, room);
  }

  /** @returns null where the kernel refuses */
  static open(calls: KernelCalls, { roomBytes }: { readonly roomBytes: number }): NetworkChangeSocket | null {
    const descriptor = calls.socket(netlinkFamily, rawSocket | socketFlags, routeProtocol);
    if (descriptor < 0) return null;
    const granted = new Int32Array([roomBytes]);
    calls.setsockopt(descriptor, socketLevel, receiveBufferForce, calls.addressOf(granted), 4);
    // struct sockaddr_nl; group n is bit n-1.
    const address = new DataView(new ArrayBuffer(netlinkAddressBytes));
    address.setUint16(0, netlinkFamily, true);
    address.setUint32(
      8,
      groups.reduce((bits, group) => bits | (1 << (group - 1)), 0),
      true,
    );
    if (calls.bind(descriptor, calls.addressOf(address), netlinkAddressBytes) === 0)
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
    const { messages } = this;
    for (let total = 0; ; ) {
      const count = messages.receive(this.descriptor);
      if (count < 0) {
        const errno = -count;
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
    const { messages } = this;
    if (!messages.isKernels(slot)) return;
    const start = messages.start(slot);
    if (messages.isCut(slot)) this.lost += 1;
    else take(messages.data.subarray(start, start + messages.length(slot)));
  }
}
