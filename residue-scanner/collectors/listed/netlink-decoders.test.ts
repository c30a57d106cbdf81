import { describe, expect, it } from "vitest";

import { listAttributes } from "../netlink/attributes.ts";
import type { NetlinkRequest, Questions } from "../netlink/netlink.ts";
import { rowOf } from "../sockets/tcp-diagnosis.ts";
import { readIpSets } from "./firewall/ip-sets.ts";
import { readNftables } from "./firewall/nftables.ts";
import { readRouting } from "./network/routing.ts";
import { readTransforms } from "./network/transforms.ts";

function attribute(type: number, value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(`${value}\0`, "latin1") : Buffer.from(value);
  const whole = Buffer.alloc((4 + bytes.length + 3) & ~3);
  whole.writeUInt16LE(4 + bytes.length, 0);
  whole.writeUInt16LE(type, 2);
  whole.set(bytes, 4);
  return whole;
}

const big = (number: number) => Buffer.from([0, 0, 0, 0, 0, 0, 0, number]);
const nested = (...parts: Buffer[]) => Buffer.concat(parts);

/** A kernel that answers each kind of question with these bodies. */
function kernelWith(answers: Readonly<Record<number, readonly Buffer[]>>): Questions {
  return { dump: ({ type }: NetlinkRequest) => (answers[type] ?? []).map((body) => ({ type, body })) };
}

describe("what nftables answers", () => {
  const nft = (type: number) => (10 << 8) | type;
  const header = Buffer.from([1, 0, 0, 0]);
  const names = [attribute(1, "left"), attribute(2, "in")];
  const counted = (packets: number, port: number) =>
    nested(
      attribute(1, nested(attribute(1, "cmp"), attribute(2, Buffer.from([port])))),
      attribute(1, nested(attribute(1, "counter"), attribute(2, Buffer.from([packets])))),
    );
  const firewall = ({ packets = 0, port = 22, elements = ["a", "b"], flags = 0 }) =>
    readNftables(
      kernelWith({
        [nft(1)]: [nested(header, attribute(1, "left"))],
        [nft(7)]: [nested(header, ...names, attribute(3, big(5)), attribute(4, counted(packets, port)))],
        [nft(10)]: [nested(header, attribute(1, "left"), attribute(2, "bad"), attribute(3, big(flags).subarray(4)))],
        [nft(13)]: [nested(header, attribute(3, nested(...elements.map((element) => attribute(1, element)))))],
      }),
    );

  it("is told by names and by numbers that stay", () => {
    expect(firewall({}).map(({ key }) => key)).toEqual([
      "nft table inet left",
      "nft rule inet left in handle 5",
      "nft set inet left bad",
    ]);
  });

  it("is the same whatever was counted and in whatever order a set is, and another when it says something else", () => {
    expect(firewall({ packets: 9, elements: ["b", "a"] })).toEqual(firewall({}));
    expect(firewall({ port: 23 })).not.toEqual(firewall({}));
    expect(firewall({ elements: ["a"] })).not.toEqual(firewall({}));
    // Packets add to it.
    expect(firewall({ flags: 0x20, elements: ["a"] })).toEqual(firewall({ flags: 0x20 }));
  });

  it("is nothing where there is no table", () => {
    expect(readNftables(kernelWith({}))).toEqual([]);
  });
});

describe("what is asked for sets of addresses", () => {
  const listing = (6 << 8) | 7;
  const element = (last: number, more: readonly Buffer[] = []) =>
    attribute(7, nested(attribute(1, attribute(1, Buffer.from([192, 0, 2, last]))), ...more));
  const counted = (packets: number) => attribute(25, big(packets));
  const begins = (...settings: Buffer[]) => [
    attribute(2, "bad"),
    attribute(3, "hash:ip"),
    attribute(7, nested(...settings)),
  ];
  const sets = (...messages: readonly (readonly Buffer[])[]) =>
    readIpSets(kernelWith({ [listing]: messages.map((parts) => nested(Buffer.alloc(4), ...parts)) }));
  const filled = (...elements: Buffer[]) => sets([...begins(), attribute(8, nested(...elements))]);

  it("is one of each name, whatever was counted, in whatever order and in how many messages", () => {
    const whole = filled(element(1, [counted(1)]), element(2));
    expect(whole).toMatchObject([{ key: "ipset bad", attributes: { kind: "hash:ip", settings: [] } }]);
    expect(filled(element(2), element(1, [counted(9)]))).toEqual(whole);
    const [first, second] = [attribute(8, element(1)), attribute(8, element(2))];
    expect(sets([...begins(), first], [attribute(2, "bad"), second])).toEqual(whole);
    expect(sets(begins(attribute(26, big(1))))).toEqual(sets(begins(attribute(26, big(2)))));
  });

  it("is another with another element, save where time takes them out", () => {
    expect(filled(element(1))).not.toEqual(filled(element(3)));
    const timed = (last: number) => sets([...begins(attribute(6, big(60))), attribute(8, element(last))]);
    expect(timed(1)).toEqual(timed(3));
  });
});

describe("what the routing of the kernel answers", () => {
  it("are rules with what they choose by, and routes of other tables than main and local", () => {
    const rule = Buffer.alloc(12);
    [rule[0], rule[2], rule[4], rule[7]] = [2, 16, 77, 1];
    const route = (table: number) => {
      const body = Buffer.alloc(12);
      [body[0], body[1], body[4], body[7]] = [2, 24, table, 1];
      return nested(body, attribute(1, Buffer.from([198, 51, 100, 0])), attribute(4, Buffer.from([7, 0, 0, 0])));
    };
    const netlink = kernelWith({
      34: [nested(rule, attribute(2, Buffer.from([10, 77, 0, 0])), attribute(6, Buffer.from([5, 0, 0, 0])))],
      26: [route(77), route(254)],
    });
    const facts = readRouting(netlink, (index) => `eth${index}`);
    expect([...new Set(facts.map(({ subject }) => subject))]).toEqual([
      "ipv4 rule 5 from 10.77.0.0/16 to all: table 77",
      "route to 198.51.100.0/24 in table 77",
      "ipv6 rule 5 from 10.77.0.0/16 to all: table 77",
    ]);
    expect(facts.find(({ key }) => key.startsWith("route"))?.attributes).toMatchObject({ device: "eth7", table: 77 });
  });
});

describe("what IPsec of the kernel answers", () => {
  it("is told by addresses and numbers, never by keys", () => {
    const association = Buffer.alloc(300);
    association.set([10, 0, 0, 2], 56);
    association.writeUInt32BE(0x123, 72);
    association[76] = 50;
    association.set([10, 0, 0, 1], 80);
    const facts = readTransforms(kernelWith({ 0x12: [nested(association, attribute(2, "the key itself"))] }));
    expect(facts).toMatchObject([{ subject: "IPsec association 0x00000123 from 10.0.0.1 to 10.0.0.2" }]);
    expect(JSON.stringify(facts)).not.toContain("the key");
  });
});

describe("what the diagnosis of sockets answers", () => {
  it("is a row as the tables of /proc have it", () => {
    const message = Buffer.alloc(72);
    [message[0], message[1]] = [10, 10];
    message.writeUInt16BE(8080, 4);
    message[23] = 1;
    message.writeUInt32LE(1000, 64);
    message.writeUInt32LE(4711, 68);
    const row = { protocol: "tcp6", local: "[::1]:8080", remote: null, state: "listening", uid: 1000, inode: 4711 };
    expect(rowOf(message)).toEqual(row);
  });
});

describe("attributes of netlink", () => {
  it("that are cut short are left out, and nothing is read past the end", () => {
    const whole = nested(attribute(1, "a"), attribute(2, "b"));
    expect(listAttributes(whole).map(({ type }) => type)).toEqual([1, 2]);
    expect(listAttributes(whole.subarray(0, whole.length - 4)).map(({ type }) => type)).toEqual([1]);
    expect(listAttributes(Buffer.from([0, 0, 1, 0]))).toEqual([]);
  });
});
