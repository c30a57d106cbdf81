import type { RawAct } from "./call-pairing.ts";
import { DatagramRequests } from "./datagram-requests.ts";
import { HeldConnections } from "./held-connections.ts";
import { type PageEvent, readPage } from "./ring-buffer-page.ts";
import { showIpv6 } from "./socket-table.ts";
import { isInterrupt, offsetOf, type PageLayout, type TraceFormat } from "./trace-format.ts";

/**
 * Calls that are none: that a thread sent something through a unix(7) socket, or a datagram of udp(7), that woke a thread of a
 * service, `woken`, that it began a TCP connection to a `port`, that a service took away a file that it had made, that it attached to
 * another process, and that it ended one whose parent sees that.
 */
export const askCalls = {
  message: "unix message",
  connection: "tcp connection",
  taking: "file taken",
  tracing: "ptrace",
  ending: "child ended",
} as const;

/** net/tcp_states.h: TCP_SYN_SENT, and into what whoever connected brings it by closing it, or the other end by resetting it. */
export const connectionStates = { connecting: 2, finWait: 4, closed: 7, lastAck: 9 } as const;
/** AF_UNIX, AF_INET */
const [unix, internet] = [1, 2];
/** Nobody of this host takes longer to refuse a connection; another host may. */
const refusedNsMax = 50e6;
/**
 * Whoever waits for a socket is woken at once, by what tells of the sending (`sock_def_readable`): that takes a
 * microsecond or two. The thread's next call may wake somebody for another reason: who watches files or processes.
 */
const wakeNsMax = 10_000;
/** Who asks again and again is noted so often. */
const againNs = 100e6;
/** Pieces of other processors are read a little later: longer than `againNs` by that. */
const keptNs = 2e9;
const forgetEveryNs = 10e9;

/** What whoever watches is told of the run's sockets; null where the kernel does not tell of it. */
export interface AskFormats {
  /** Of `sk_data_ready` and `sched_waking`. */
  readonly messages: { readonly ready: TraceFormat; readonly waking: TraceFormat } | null;
  /** Of `sock_send_length`; null, or absent, without the messages too. */
  readonly datagrams?: TraceFormat | null;
  /** Of `inet_sock_set_state`. */
  readonly connections: TraceFormat | null;
}

/** Whether a thread was one of a service's at a monotonic time: the kernel is asked for ranges of ids. */
export type IsService = (thread: number, atNs: number) => boolean;

type Decode = (page: Buffer, event: PageEvent, thread: number) => RawAct[];

/** Turns pieces of the ring buffer into who asked whom for something. */
export class AskDecoder {
  private readonly layout: PageLayout;
  private readonly isService: IsService;
  private readonly decoders = new Map<number, Decode>();
  /** By thread, when it last sent something. */
  private readonly sent = new Map<number, number>();
  /** By asker and asked, when that was noted. */
  private readonly noted = new Map<string, number>();
  private readonly held = new HeldConnections();
  private readonly datagrams = new DatagramRequests();
  /** Connections, by the kernel's socket, that may still be refused. */
  private readonly begun = new Map<bigint, Omit<RawAct, "returned">>();
  private readonly stateType: number | null;
  /** What is told of interrupts as well: who is woken by a datagram. */
  private readonly interrupting = new Map<number, Decode>();
  private typeAt = 0;
  private flagsAt = 2;
  private threadAt = 4;
  private forgottenNs = 0;

  constructor(layout: PageLayout, { messages, datagrams = null, connections }: AskFormats, isService: IsService) {
    this.layout = layout;
    this.isService = isService;
    this.stateType = connections?.id ?? null;
    if (messages !== null) this.learnMessages(messages);
    if (messages !== null && datagrams !== null) this.learnDatagrams({ ...messages, sent: datagrams });
    if (connections !== null) this.learnConnections(connections);
  }

  /** Threads that sent something lately, whom somebody asked, and what is connected. */
  get remembered(): number {
    return this.sent.size + this.noted.size + this.held.size + this.begun.size + this.datagrams.size;
  }

  /** Connections that were begun by then, of which whoever refuses them would have been read. */
  settled(beforeNs = Number.POSITIVE_INFINITY): RawAct[] {
    const settled = [...this.begun].filter(([, { atNs }]) => atNs + refusedNsMax <= beforeNs);
    for (const [socket] of settled) this.begun.delete(socket);
    return settled.flatMap(([, act]) => this.note(act));
  }

  /** The last of the connections, and those that are open still. */
  finish(): RawAct[] {
    return [...this.settled(), ...this.held.finish()];
  }

  decode(page: Buffer): RawAct[] {
    const acts: RawAct[] = [];
    for (const event of readPage(page, this.layout).events) {
      const type = page.readUInt16LE(event.offset + this.typeAt);
      // Whose connection ends is told by the socket, whoever runs meanwhile.
      const isMeanwhile = type !== this.stateType && isInterrupt(page[event.offset + this.flagsAt] ?? 0);
      const decode = (isMeanwhile ? this.interrupting : this.decoders).get(type);
      if (decode !== undefined) acts.push(...decode(page, event, page.readInt32LE(event.offset + this.threadAt)));
      this.forgetOnTime(event.atNs);
    }
    return acts;
  }

  private learnMessages({ ready, waking }: NonNullable<AskFormats["messages"]>): void {
    this.learnCommon(ready);
    const wokenAt = offsetOf(waking, "pid");
    this.decoders.set(ready.id, (_, { atNs }, thread) => {
      this.sent.set(thread, atNs);
      return [];
    });
    this.decoders.set(waking.id, (page, { atNs, offset }, thread) => {
      const woken = page.readInt32LE(offset + wokenAt);
      const sentNs = this.sent.get(thread);
      if (sentNs === undefined || atNs - sentNs > wakeNsMax) return [];
      if (woken === thread || !this.isService(woken, atNs)) return [];
      // Each sending wakes one.
      this.sent.delete(thread);
      return this.note({ thread, call: askCalls.message, parameters: { woken: String(woken) }, atNs });
    });
  }

  private learnDatagrams({ ready, waking, sent }: Record<"ready" | "waking" | "sent", TraceFormat>): void {
    const [wokenAt, familyAt] = [offsetOf(waking, "pid"), offsetOf(ready, "family")];
    this.interrupting.set(ready.id, (page, { atNs, offset }, thread) => {
      if (page.readUInt16LE(offset + familyAt) !== unix) this.datagrams.arrived(thread, atNs);
      return [];
    });
    this.interrupting.set(waking.id, (page, { atNs, offset }, thread) => {
      const woken = page.readInt32LE(offset + wokenAt);
      if (this.isService(woken, atNs)) this.datagrams.woke(thread, woken, atNs);
      return [];
    });
    this.decoders.set(sent.id, (_, { atNs }, thread) => {
      return this.datagrams.sent(thread, atNs).flatMap((woken) => {
        const parameters = { woken: String(woken.thread) };
        return this.note({ thread, call: askCalls.message, parameters, atNs: woken.atNs });
      });
    });
  }

  private learnConnections(state: TraceFormat): void {
    this.learnCommon(state);
    const at = (name: string): number => offsetOf(state, name);
    const [socketAt, stateAt, wasAt, portAt] = [at("skaddr"), at("newstate"), at("oldstate"), at("dport")];
    const [familyAt, addressAt, longAddressAt] = [at("family"), at("daddr"), at("daddr_v6")];
    this.decoders.set(state.id, (page, { atNs, offset }, thread) => {
      const socket = page.readBigUInt64LE(offset + socketAt);
      if (page.readInt32LE(offset + stateAt) !== connectionStates.connecting) {
        const isRefused = page.readInt32LE(offset + wasAt) === connectionStates.connecting;
        return isRefused ? this.refused(socket) : this.held.ended(socket, atNs);
      }
      const bytes = (from: number, count: number) => [...page.subarray(offset + from, offset + from + count)];
      const isShort = page.readUInt16LE(offset + familyAt) === internet;
      const address = isShort ? bytes(addressAt, 4).join(".") : showIpv6(bytes(longAddressAt, 16));
      const parameters = { port: String(page.readUInt16LE(offset + portAt)), address };
      const act = { thread, call: askCalls.connection, parameters, atNs };
      // Whoever had the socket before.
      const before = this.begun.get(socket);
      this.begun.set(socket, act);
      return [...this.held.began(socket, act), ...(before === undefined ? [] : this.note(before))];
    });
  }

  /** Nobody was there to be asked; one that another host refused late was noted by then. */
  private refused(socket: bigint): RawAct[] {
    this.begun.delete(socket);
    this.held.forget(socket);
    return [];
  }

  private learnCommon(format: TraceFormat): void {
    this.typeAt = offsetOf(format, "common_type");
    this.flagsAt = offsetOf(format, "common_flags");
    this.threadAt = offsetOf(format, "common_pid");
  }

  private note(act: Omit<RawAct, "returned">): RawAct[] {
    const key = `${act.thread} ${act.call} ${JSON.stringify(act.parameters)}`;
    const notedNs = this.noted.get(key);
    if (notedNs !== undefined && act.atNs - notedNs < againNs) return [];
    this.noted.set(key, act.atNs);
    return [{ ...act, returned: null }];
  }

  /** Of threads that have ended nobody asks: their numbers are others' later. */
  private forgetOnTime(atNs: number): void {
    if (atNs - this.forgottenNs < forgetEveryNs) return;
    this.forgottenNs = atNs;
    const beforeNs = atNs - keptNs;
    this.datagrams.forget(beforeNs);
    for (const [thread, sentNs] of this.sent) if (sentNs < beforeNs) this.sent.delete(thread);
    for (const [key, notedNs] of this.noted) if (notedNs < beforeNs) this.noted.delete(key);
  }
}
