import { constants } from "node:os";

import { type KernelCalls, kernelCalls } from "../kernel-calls.ts";

/** linux/netlink.h */
const netlinkFamily = 16;
const rawSocket = 3;
const closeOnExec = 0o2000000;
const headerBytes = 16;
const messageTypes = { error: 2, done: 3 } as const;
const flags = { request: 0x1, multi: 0x2, interrupted: 0x10, root: 0x100, match: 0x200 } as const;
/** sys/socket.h */
const doNotWait = 0x40;
const tellTruncation = 0x20;

export const protocols = { route: 0, xfrm: 6, socketDiagnosis: 4, audit: 9, netfilter: 12, generic: 16 } as const;

/** The kernel hands out no more at once (NLMSG_GOODSIZE), save for a single message that is longer. */
const bufferBytes = 262_144;
const attemptsMax = 5;

export interface NetlinkMessage {
  readonly type: number;
  /** Behind the header. */
  readonly body: Buffer;
}

export interface NetlinkRequest {
  readonly type: number;
  readonly body: Uint8Array;
  /** Beside NLM_F_REQUEST; by default those that ask for everything there is. */
  readonly flags?: number;
}

export class NetlinkError extends Error {
  readonly code: string;

  constructor(errno: number) {
    // Of two names for one number, the latter: EOPNOTSUPP, not ENOTSUP.
    const name = Object.entries(constants.errno).findLast(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
    super(`the kernel answers ${name}`);
    this.code = name;
  }
}

/** Questions to the kernel, netlink(7). Its answers are ready when the question is put: nothing here waits. */
export class Netlink {
  readonly #calls: KernelCalls;
  readonly #socket: number;
  readonly #buffer = Buffer.alloc(bufferBytes);
  #sequence = 0;

  private constructor(calls: KernelCalls, socket: number) {
    this.#calls = calls;
    this.#socket = socket;
  }

  /** @returns null where there is no way to make such a socket, or no such protocol */
  static open(protocol: number): Netlink | null {
    const calls = kernelCalls();
    const socket = calls?.socket(netlinkFamily, rawSocket | closeOnExec, protocol) ?? -1;
    return calls === null || socket < 0 ? null : new Netlink(calls, socket);
  }

  close(): void {
    this.#calls.close(this.#socket);
  }

  /**
   * All messages that answer; asked again while something changed in the middle of the answer.
   *
   * @throws NetlinkError when the kernel refuses, or what is listed does not stand still
   */
  dump(request: NetlinkRequest): NetlinkMessage[] {
    for (let attempt = 1; ; attempt += 1) {
      const { messages, isWhole } = this.#ask(request);
      if (isWhole) return messages;
      if (attempt === attemptsMax) throw new NetlinkError(constants.errno.EINTR);
    }
  }

  #ask({ type, body, flags: wanted = flags.root | flags.match }: NetlinkRequest): {
    messages: NetlinkMessage[];
    isWhole: boolean;
  } {
    this.#send({ type, body, wanted });
    const messages: NetlinkMessage[] = [];
    let isWhole = true;
    for (;;) {
      for (const message of messagesIn(this.#receive())) {
        if (message.sequence !== this.#sequence) continue;
        if ((message.flags & flags.interrupted) !== 0) isWhole = false;
        if (message.type === messageTypes.error || message.type === messageTypes.done) {
          const errno = message.body.length >= 4 ? -message.body.readInt32LE(0) : 0;
          if (errno > 0) throw new NetlinkError(errno);
          return { messages, isWhole };
        }
        messages.push({ type: message.type, body: message.body });
        if ((message.flags & flags.multi) === 0) return { messages, isWhole };
      }
    }
  }

  #send({ type, body, wanted }: { type: number; body: Uint8Array; wanted: number }): void {
    const message = Buffer.alloc(headerBytes + body.length);
    this.#sequence += 1;
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(type, 4);
    message.writeUInt16LE(flags.request | wanted, 6);
    message.writeUInt32LE(this.#sequence, 8);
    message.set(body, headerBytes);
    const sent = this.#calls.send(this.#socket, this.#calls.addressOf(message), message.length, 0);
    if (sent < 0) throw new NetlinkError(this.#calls.errno());
  }

  #receive(): Buffer {
    const address = this.#calls.addressOf(this.#buffer);
    const bytes = this.#calls.recv(this.#socket, address, bufferBytes, doNotWait | tellTruncation);
    if (bytes < 0) throw new NetlinkError(this.#calls.errno());
    if (bytes > bufferBytes) throw new NetlinkError(constants.errno.EMSGSIZE);
    return Buffer.from(this.#buffer.subarray(0, bytes));
  }
}

/** @returns also by which port id each was asked for; 0 for none */
export function* messagesIn(
  bytes: Buffer,
): Generator<NetlinkMessage & { readonly flags: number; readonly sequence: number; readonly port: number }> {
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < headerBytes) return;
    yield {
      type: bytes.readUInt16LE(at + 4),
      flags: bytes.readUInt16LE(at + 6),
      sequence: bytes.readUInt32LE(at + 8),
      port: bytes.readUInt32LE(at + 12),
      body: bytes.subarray(at + headerBytes, at + length),
    };
    at += (length + 3) & ~3;
  }
}

/** What decoders need of it. */
export type Questions = Pick<Netlink, "dump">;

/** Asks one question over a socket of its own. Null where no such socket can be made. */
export function withNetlink<T>(protocol: number, use: (netlink: Netlink) => T): T | null {
  const netlink = Netlink.open(protocol);
  if (netlink === null) return null;
  try {
    return use(netlink);
  } finally {
    netlink.close();
  }
}

/** What the kernel was built without. */
const absentCodes = new Set(["EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT", "EINVAL", "ENOENT"]);

/** Asks for what not every kernel has. */
export function orNone<T>(ask: () => T[]): T[] {
  try {
    return ask();
  } catch (error) {
    if (error instanceof NetlinkError && absentCodes.has(error.code)) return [];
    throw error;
  }
}
