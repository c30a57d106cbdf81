import { describe, expect, it } from "vitest";

import { formatText, headerPage } from "../testing/recorded-trace.ts";
import { AskDecoder, type AskFormats } from "./ask-events.ts";
import type { RawAct } from "./call-pairing.ts";
import { parseFormat, parsePageLayout, type PageLayout, type TraceFormat } from "./trace-format.ts";

const [ready, waking, state, sent] = [1, 2, 3, 4];
const layout = parsePageLayout(headerPage) as PageLayout;
const format = (name: string, id: number, ...fields: string[]) =>
  parseFormat(formatText(name, id, fields)) as TraceFormat;
const formats = {
  messages: {
    ready: format("sk_data_ready", ready, "__u16 family;	offset:16;	size:2;	signed:0;"),
    waking: format("sched_waking", waking, "pid_t pid;	offset:24;	size:4;	signed:1;"),
  },
  datagrams: format("sock_send_length", sent, "__u16 family;	offset:16;	size:2;	signed:0;"),
  connections: format(
    "inet_sock_set_state",
    state,
    "const void * skaddr;	offset:8;	size:8;	signed:0;",
    "int oldstate;	offset:16;	size:4;	signed:1;",
    "int newstate;	offset:20;	size:4;	signed:1;",
    "__u16 dport;	offset:26;	size:2;	signed:0;",
    "__u16 family;	offset:28;	size:2;	signed:0;",
    "__u8 daddr[4];	offset:36;	size:4;	signed:0;",
    "__u8 daddr_v6[16];	offset:40;	size:16;	signed:0;",
  ),
};
const asker = 700;
const eventBytes = 56;
const softInterrupt = 0x10;

interface Told {
  readonly type: number;
  readonly afterNs?: number;
  readonly flags?: number;
  readonly thread?: number;
  readonly fill?: (event: Buffer) => void;
}

/** A piece of the ring buffer (linux/ring_buffer.h): a word of length and time before each event. */
function piece(events: readonly Told[], fromNs = 0): Buffer {
  const page = Buffer.alloc(layout.bytes);
  page.writeBigUInt64LE(BigInt(fromNs), layout.time);
  let at = layout.data;
  for (const { type, afterNs = 1_000, flags = 0, thread = asker, fill } of events) {
    page.writeUInt32LE((((afterNs << 5) >>> 0) | (eventBytes / 4)) >>> 0, at);
    const event = page.subarray(at + 4, at + 4 + eventBytes);
    event.writeUInt16LE(type, 0);
    event[2] = flags;
    event.writeInt32LE(thread, 4);
    fill?.(event);
    at += 4 + eventBytes;
  }
  page.writeBigUInt64LE(BigInt(at - layout.data), layout.commit);
  return page;
}

const wakes = (woken: number, more: Partial<Told> = {}): Told => ({
  ...{ type: waking, fill: (event: Buffer) => void event.writeInt32LE(woken, 24) },
  ...more,
});
/** By TCP's states: into SYN_SENT (2), or from there (refused), or from ESTABLISHED (1). */
const connects = (socket = 1n, [oldState, newState] = [7, 2], more: Partial<Told> = {}, family = 2): Told => ({
  type: state,
  fill(event: Buffer) {
    event.writeBigUInt64LE(socket, 8);
    event.writeInt32LE(oldState, 16);
    event.writeInt32LE(newState, 20);
    event.writeUInt16LE(4711, 26);
    event.writeUInt16LE(family, 28);
    event.set([127, 0, 0, 9], 36);
    event.set([0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 9], 40);
  },
  ...more,
});
const isService = (thread: number): boolean => thread !== 955;
const decoderOf = (known: AskFormats = formats): AskDecoder => new AskDecoder(layout, known, isService);
const decode = (...events: Told[]): RawAct[] => {
  const decoder = decoderOf();
  return [...decoder.decode(piece(events)), ...decoder.settled()];
};

describe("who asks a service for something", () => {
  it("sends something through a socket, and that wakes the service", () => {
    expect(decode({ type: ready }, wakes(812))).toMatchObject([
      { thread: asker, call: "unix message", parameters: { woken: "812" } },
    ]);
  });

  it.each([
    ["it wakes somebody without sending anything", [wakes(812)]],
    ["it wakes somebody in the call after", [{ type: ready }, wakes(812, { afterNs: 20_000 })]],
    ["it wakes one who is no service's, whose id lies between those", [{ type: ready }, wakes(955)]],
    ["an interrupt wakes somebody meanwhile", [{ type: ready }, wakes(812, { flags: softInterrupt })]],
    ["another one sends", [{ type: ready, thread: 701 }, wakes(812)]],
    ["it wakes itself", [{ type: ready }, wakes(asker)]],
  ])("asks nobody where %s", (_, events) => {
    expect(decode(...events)).toEqual([]);
  });

  it("asks one with each sending, who is woken first", () => {
    const woken = decode({ type: ready }, wakes(955), wakes(812), wakes(813), { type: ready }, wakes(814));
    expect(woken.map(({ parameters }) => parameters["woken"])).toEqual(["812", "814"]);
  });

  const meanwhile = { flags: softInterrupt };
  const arrives: Told = { type: ready, ...meanwhile, fill: (event) => void event.writeUInt16LE(2, 16) };

  it("sends a datagram, and that wakes the service while it is being sent", () => {
    expect(decode(arrives, wakes(812, meanwhile), { type: sent })).toMatchObject([
      { thread: asker, call: "unix message", parameters: { woken: "812" } },
    ]);
  });

  it("sends one datagram to a group, and that wakes each service in it", () => {
    const told = decode(arrives, wakes(812, meanwhile), arrives, wakes(813, meanwhile), { type: sent });
    expect(told.map(({ parameters }) => parameters["woken"])).toEqual(["812", "813"]);
  });

  it.each([
    ["a datagram of another host's arrives", [arrives, wakes(812, meanwhile)]],
    ["it sends one long after that", [arrives, wakes(812, meanwhile), { type: sent, afterNs: 2_000_000 }]],
    ["it sends one, and that wakes nobody", [arrives, { type: sent }, wakes(812, meanwhile), { type: sent }]],
    ["that wakes one who is no service's", [arrives, wakes(955, meanwhile), { type: sent }]],
    ["something else wakes the service", [wakes(812, meanwhile), { type: sent }]],
  ])("asks nobody where %s", (_, events) => {
    expect(decode(...events)).toEqual([]);
  });

  it("connects to a port", () => {
    expect(decode(connects())).toMatchObject([
      { call: "tcp connection", parameters: { port: "4711", address: "127.0.0.9" } },
    ]);
    const six = connects(1n, [7, 2], {}, 10);
    expect(decode(six)).toMatchObject([{ parameters: { port: "4711", address: "2001:db8::9" } }]);
  });

  it("connects to nobody where it is refused, and to whoever is there the next time", () => {
    const refused = [connects(1n), connects(1n, [2, 7], { flags: softInterrupt })];
    expect(decode(...refused)).toEqual([]);
    expect(decode(...refused, connects(1n))).toHaveLength(1);
    expect(decode(...refused, connects(2n), ...refused)).toHaveLength(1);
  });

  it("has connected when nobody refuses it any more", () => {
    const decoder = decoderOf();
    expect(decoder.decode(piece([connects(1n)], 1e9))).toEqual([]);
    expect([decoder.settled(1.04e9).length, decoder.settled(1.06e9).length, decoder.settled().length]).toEqual([
      0, 1, 0,
    ]);
    decoder.decode(piece([connects(2n)], 2e9));
    expect(decoder.decode(piece([connects(2n)], 2.01e9))).toHaveLength(1);
  });

  it("may ask for as long as the connection is open", () => {
    const decoder = decoderOf();
    const closed = (socket: bigint) => connects(socket, [1, 4], { thread: 0, flags: softInterrupt });
    decoder.decode(piece([connects(1n), connects(2n), connects(3n)], 1e9));
    decoder.settled();
    // The first within a moment, which its beginning stands for; the second later, in whoever's time.
    expect(decoder.decode(piece([closed(1n)], 1.1e9))).toEqual([]);
    const [held, ...others] = decoder.decode(piece([closed(2n), closed(7n)], 9e9));
    expect(held).toMatchObject({ thread: asker, call: "tcp connection", parameters: { port: "4711" } });
    expect(Number(held?.parameters["untilNs"])).toBeCloseTo(9e9, -6);
    expect([others, decoder.finish().map(({ parameters }) => parameters["untilNs"])]).toEqual([[], ["Infinity"]]);
    expect(decoder.finish()).toEqual([]);
  });

  it("is noted once of many messages in a row", () => {
    const often = Array.from({ length: 20 }, () => [{ type: ready }, wakes(812)]).flat();
    expect(decode(...often)).toHaveLength(1);
  });
});

describe("what is remembered of threads", () => {
  it("is forgotten when they can no longer be meant: their numbers are others' later", () => {
    const decoder = decoderOf();
    let atMs = 0;
    for (let thread = 0; thread < 2_000; thread += 1, atMs += 50) {
      const at = { thread: asker + thread, afterNs: 0 };
      decoder.decode(piece([{ type: ready, ...at }, wakes(9, at), { type: ready, ...at }], atMs * 1e6));
    }
    // Of the last seconds out of 100, with two notes for each thread.
    expect(decoder.remembered).toBeLessThan(1_000);
  });
});

describe("where the kernel tells of one kind of requests alone", () => {
  const told = [{ type: ready }, wakes(812), connects()];

  it.each([
    ["messages", { ...formats, connections: null }, "unix message"],
    ["connections", { ...formats, messages: null }, "tcp connection"],
  ] as const)("those are seen: %s", (_, known, call) => {
    const decoder = decoderOf(known);
    const acts = [...decoder.decode(piece(told)), ...decoder.settled()];
    expect(acts.map((act) => act.call)).toEqual([call]);
  });
});
