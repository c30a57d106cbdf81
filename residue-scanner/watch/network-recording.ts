import { ChangeMessages, type NetworkChange } from "../collectors/netlink/change-messages.ts";
import { messagesIn, NetlinkError, protocols, withNetlink } from "../collectors/netlink/netlink.ts";
import { readLinks } from "../collectors/listed/network/links.ts";
import { readProc } from "../collectors/proc.ts";
import type { Lineage } from "../core/lineage.ts";
import { NetworkAuthors } from "../core/network-authors.ts";
import type { Act } from "../core/recording.ts";
import type { KernelCalls } from "./kernel-calls.ts";
import { NetworkChangeSocket } from "./network-change-socket.ts";

/** What one change can have been asked for by more processes than these says nothing of any. */
const authorsMax = 16;

export interface NetworkRecordingOptions {
  readonly calls: KernelCalls;
  readonly lineage: Lineage;
  readonly actsMax: number;
  /** Room for waiting notifications. */
  readonly roomBytes: number;
  /** Wall time in ms of a monotonic time in ns. */
  readonly wallMs: (atNs: number) => number;
  /** Takes in the system calls and forks until now. @returns all acts so far */
  readonly takeInCalls: () => readonly Act[];
}

/** Turns the kernel's notifications of a changed network into acts `rtnetlink` of those who asked for it. */
export class NetworkRecording {
  readonly acts: Act[] = [];
  dropped = 0;
  private readonly socket: NetworkChangeSocket;
  private readonly options: NetworkRecordingOptions;
  private readonly authors: NetworkAuthors;
  private readonly messages: ChangeMessages;
  private emptyNs = 0;
  private learnt = 0;
  private isOpen = true;

  private constructor(socket: NetworkChangeSocket, options: NetworkRecordingOptions) {
    this.socket = socket;
    this.options = options;
    const self = options.lineage.serialAt(process.pid, Number(process.hrtime.bigint()));
    this.authors = new NetworkAuthors(options.lineage, { portsBefore: routePorts(), self });
    this.messages = new ChangeMessages(linkNames());
  }

  /** System calls must be recorded already. @returns null where the kernel refuses */
  static start(options: NetworkRecordingOptions): NetworkRecording | null {
    const socket = NetworkChangeSocket.open(options.calls, options);
    return socket === null ? null : new NetworkRecording(socket, options);
  }

  get descriptor(): number {
    return this.socket.descriptor;
  }

  /** How often notifications were lost. */
  get lost(): number {
    return this.socket.lost;
  }

  /** Nothing waited at that time, monotonic: what comes next came later. */
  wasEmpty(atNs: number): void {
    this.emptyNs = atNs;
  }

  takeIn(monotonicNs: () => number): void {
    if (!this.isOpen) return;
    const [afterNs, startNs] = [this.emptyNs, monotonicNs()];
    const waiting: Buffer[] = [];
    this.socket.drain((bytes) => waiting.push(Buffer.from(bytes)));
    this.emptyNs = startNs;
    if (waiting.length === 0) return;
    const beforeNs = monotonicNs();
    const known = this.options.takeInCalls();
    this.authors.learn(known.slice(this.learnt));
    this.learnt = known.length;
    for (const bytes of waiting) this.take(bytes, { afterNs, beforeNs });
  }

  close(): void {
    if (this.isOpen) this.socket.close();
    this.isOpen = false;
  }

  private take(bytes: Buffer, between: { afterNs: number; beforeNs: number }): void {
    for (const message of messagesIn(bytes)) {
      const change = this.messages.read(message);
      if (change === null || (message.port === 0 && isConsequence(change))) continue;
      const authors = this.authors.of({ port: message.port, ...between });
      if (authors.length > authorsMax) continue;
      const requester = message.port === 0 ? "not told" : "told";
      const parameters = { message: change.message, keys: change.keys.join("\0"), requester };
      const atMs = this.options.wallMs(between.beforeNs);
      for (const by of authors) this.keep({ by, call: "rtnetlink", parameters, returned: 0, atMs });
    }
  }

  private keep(act: Act): void {
    if (this.acts.length >= this.options.actsMax) {
      this.dropped += 1;
      return;
    }
    this.options.lineage.retain(act.by);
    this.acts.push(act);
  }
}

/**
 * Without a port id, the kernel tells of interfaces and IPv6 addresses whoever asked for them; of anything else, what it
 * makes out of those by itself, and at its own time.
 */
function isConsequence({ message, keys }: NetworkChange): boolean {
  return !/(?:LINK|ADDR)$/.test(message) || keys.some((key) => key.startsWith("address fe80:"));
}

function linkNames(): Map<number, string> {
  try {
    const links = withNetlink(protocols.route, readLinks);
    return new Map([...(links ?? [])].map(([index, { name }]) => [index, name]));
  } catch (error) {
    if (error instanceof NetlinkError) return new Map();
    throw error;
  }
}

/** Of netlink sockets of this network namespace: columns `Eth` (the protocol) and `Pid` (the port id). */
function routePorts(): Set<number> {
  const rows = (readProc("/proc/thread-self/net/netlink") ?? "").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  return new Set(fields.filter(([, protocol]) => protocol === "0").map(([, , port]) => Number(port)));
}
