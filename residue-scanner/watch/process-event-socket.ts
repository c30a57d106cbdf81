import { randomInt } from "node:crypto";

import type { KernelCalls } from "./kernel-calls.ts";
import { netlinkAddressBytes, netlinkFamily, NetlinkMessages, socketFlags } from "./netlink-messages.ts";

const datagrams = 2;
const connectorProtocol = 11;
/** CN_IDX_PROC and CN_VAL_PROC of linux/connector.h; the index is the multicast group too. */
const connectorId = 1;
const socketLevel = 1;
const receiveBuffer = 8;
const receiveBufferForce = 33;
const listen = 1;
const ignore = 2;
const messageDone = 3;
const requestBytes = 16 + 20 + 4;

/** Messages of one recvmmsg(2), and the room for each: the largest has fewer than 100 bytes. */
const room = { slots: 512, slotBytes: 256 };
const errnoAgain = 11;
const errnoInterrupted = 4;
const errnoNoBuffers = 105;

/** The kernel's process connector: a netlink socket on which every fork, exec and exit of the host is told. */
export class ProcessEventSocket {
  readonly descriptor: number;
  /** How often the kernel said that it had no room for messages. */
  overruns = 0;
  /** The number that the kernel's answer names: it answers all listeners, whoever asked. */
  readonly question = randomInt(2 ** 32);
  /** Bytes of room for waiting messages that the kernel granted. */
  readonly roomBytes: number;
  readonly view: DataView;
  private readonly calls: KernelCalls;
  private readonly messages: NetlinkMessages;
  private readonly request = new DataView(new ArrayBuffer(requestBytes));

  private constructor(calls: KernelCalls, descriptor: number, roomBytes: number) {
    this.calls = calls;
    this.descriptor = descriptor;
    this.messages = new NetlinkMessages(calls, room);
    this.view = new DataView(this.messages.data.buffer);
    this.roomBytes = this.reserve(roomBytes);
  }

  /** @returns the error number where the kernel refuses */
  static open(calls: KernelCalls, options: { roomBytes: number }): ProcessEventSocket | { readonly errno: number } {
    const descriptor = calls.socket(netlinkFamily, datagrams | socketFlags, connectorProtocol);
    if (descriptor < 0) return { errno: calls.errno() };
    const socket = new ProcessEventSocket(calls, descriptor, options.roomBytes);
    return socket.join() && socket.ask(listen) ? socket : closed(calls, descriptor);
  }

  /**
   * Takes in all that waits.
   *
   * @param take told where in `view` each message is
   * @returns how many there were
   */
  drain(take: (start: number, length: number) => void): number {
    const { messages } = this;
    for (let total = 0; ; ) {
      const count = messages.receive(this.descriptor);
      if (count < 0) {
        const errno = -count;
        if (errno === errnoAgain) return total;
        if (errno === errnoNoBuffers) this.overruns += 1;
        else if (errno !== errnoInterrupted) throw new ProcessEventsEnded(errno);
        continue;
      }
      for (let slot = 0; slot < count; slot += 1) {
        if (messages.isKernels(slot) && !messages.isCut(slot)) take(messages.start(slot), messages.length(slot));
      }
      total += count;
    }
  }

  /** Tells the kernel that nobody listens any more, so that it need not speak. */
  close(): void {
    this.ask(ignore);
    this.calls.close(this.descriptor);
  }

  private join(): boolean {
    const { calls, request } = this;
    request.setUint16(0, netlinkFamily, true);
    request.setUint16(2, 0, true);
    request.setUint32(4, 0, true);
    request.setUint32(8, connectorId, true);
    return calls.bind(this.descriptor, calls.addressOf(request), netlinkAddressBytes) === 0;
  }

  private reserve(bytes: number): number {
    const { calls } = this;
    const value = new DataView(new ArrayBuffer(8));
    value.setInt32(0, bytes, true);
    value.setInt32(4, 4, true);
    const at = calls.addressOf(value);
    if (calls.setsockopt(this.descriptor, socketLevel, receiveBufferForce, at, 4) !== 0)
      calls.setsockopt(this.descriptor, socketLevel, receiveBuffer, at, 4);
    calls.getsockopt(this.descriptor, socketLevel, receiveBuffer, at, at + 4);
    return value.getInt32(0, true);
  }

  /** The plain operation, without the filter of Linux 6.6: filtered messages are numbered too, and would look lost. */
  private ask(operation: number): boolean {
    const { request } = this;
    request.setUint32(0, requestBytes, true);
    request.setUint16(4, messageDone, true);
    request.setUint16(6, 0, true);
    request.setUint32(8, 0, true);
    request.setUint32(12, 0, true);
    request.setUint32(16, connectorId, true);
    request.setUint32(20, connectorId, true);
    request.setUint32(24, 0, true);
    request.setUint32(28, this.question, true);
    request.setUint16(32, 4, true);
    request.setUint32(36, operation, true);
    return this.calls.send(this.descriptor, this.calls.addressOf(request), requestBytes, 0) === requestBytes;
  }
}

/** The socket no longer works. */
export class ProcessEventsEnded extends Error {
  override readonly name = "ProcessEventsEnded";
  readonly errno: number;

  constructor(errno: number) {
    super(`The kernel's process events ended with error ${errno}.`);
    this.errno = errno;
  }
}

function closed(calls: KernelCalls, descriptor: number): { readonly errno: number } {
  const errno = calls.errno();
  calls.close(descriptor);
  return { errno };
}
