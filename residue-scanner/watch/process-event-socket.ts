import { randomInt } from "node:crypto";

import type { KernelCalls } from "./kernel-calls.ts";

const netlinkFamily = 16;
const datagrams = 2;
const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const connectorProtocol = 11;
/** CN_IDX_PROC and CN_VAL_PROC of linux/connector.h; the index is the multicast group too. */
const connectorId = 1;
const addressBytes = 12;
const socketLevel = 1;
const receiveBuffer = 8;
const receiveBufferForce = 33;
const listen = 1;
const ignore = 2;
const messageDone = 3;
const requestBytes = 16 + 20 + 4;

/** Messages of one recvmmsg(2), and the room for each: the largest has fewer than 100 bytes. */
const slots = 512;
const slotBytes = 256;
const headerBytes = 64;
const vectorBytes = 16;
const dontWait = 0x40;
const truncated = 0x20;
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
  private readonly data = new Uint8Array(slots * slotBytes);
  private readonly headers = new DataView(new ArrayBuffer(slots * headerBytes));
  private readonly vectors = new DataView(new ArrayBuffer(slots * vectorBytes));
  private readonly request = new DataView(new ArrayBuffer(requestBytes));
  private readonly senders = new DataView(new ArrayBuffer(slots * addressBytes));

  private constructor(calls: KernelCalls, descriptor: number, roomBytes: number) {
    this.calls = calls;
    this.descriptor = descriptor;
    this.view = new DataView(this.data.buffer);
    this.prepare();
    this.roomBytes = this.reserve(roomBytes);
  }

  /** @returns the error number where the kernel refuses */
  static open(calls: KernelCalls, options: { roomBytes: number }): ProcessEventSocket | { readonly errno: number } {
    const descriptor = calls.socket(netlinkFamily, datagrams | closeOnExec | nonBlocking, connectorProtocol);
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
    const { calls, headers, senders } = this;
    for (let total = 0; ; ) {
      const count = calls.recvmmsg(this.descriptor, calls.addressOf(headers), slots, dontWait, 0);
      if (count < 0) {
        const errno = calls.errno();
        if (errno === errnoAgain) return total;
        if (errno === errnoNoBuffers) this.overruns += 1;
        else if (errno !== errnoInterrupted) throw new ProcessEventsEnded(errno);
        continue;
      }
      for (let slot = 0; slot < count; slot += 1) {
        const isCut = (headers.getInt32(slot * headerBytes + 48, true) & truncated) !== 0;
        // Only the kernel sends as port 0; anybody with enough rights can send as another.
        const isKernels = senders.getUint32(slot * addressBytes + 4, true) === 0;
        if (isKernels && !isCut) take(slot * slotBytes, headers.getUint32(slot * headerBytes + 56, true));
      }
      total += count;
    }
  }

  /** Tells the kernel that nobody listens any more, so that it need not speak. */
  close(): void {
    this.ask(ignore);
    this.calls.close(this.descriptor);
  }

  /** struct mmsghdr of 64-bit Linux: what recvmmsg(2) reads each message into. */
  private prepare(): void {
    const { calls, headers, vectors } = this;
    for (let slot = 0; slot < slots; slot += 1) {
      const header = slot * headerBytes;
      headers.setBigUint64(header, BigInt(calls.addressOf(this.senders) + slot * addressBytes), true);
      headers.setUint32(header + 8, addressBytes, true);
      headers.setBigUint64(header + 16, BigInt(calls.addressOf(vectors) + slot * vectorBytes), true);
      headers.setBigUint64(header + 24, 1n, true);
      vectors.setBigUint64(slot * vectorBytes, BigInt(calls.addressOf(this.data) + slot * slotBytes), true);
      vectors.setBigUint64(slot * vectorBytes + 8, BigInt(slotBytes), true);
    }
  }

  private join(): boolean {
    const { calls, request } = this;
    request.setUint16(0, netlinkFamily, true);
    request.setUint16(2, 0, true);
    request.setUint32(4, 0, true);
    request.setUint32(8, connectorId, true);
    return calls.bind(this.descriptor, calls.addressOf(request), addressBytes) === 0;
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
