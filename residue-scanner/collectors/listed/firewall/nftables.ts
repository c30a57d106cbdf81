import { createHash } from "node:crypto";

import type { ListedFact } from "../../../core/fact.ts";
import { attributesByType, bigEndian, listAttributes, textOf } from "../../netlink/attributes.ts";
import type { Questions } from "../../netlink/netlink.ts";
import { shellPath } from "../../../core/path-text.ts";

/** linux/netfilter/nfnetlink.h and nf_tables.h */
const subsystem = 10 << 8;
const get = { tables: 1, chains: 4, rules: 7, sets: 10, elements: 13, objects: 19, flowtables: 23 } as const;
const headerBytes = 4;
const families: Readonly<Record<number, string>> = {
  1: "inet",
  2: "ip",
  3: "arp",
  5: "netdev",
  7: "bridge",
  10: "ip6",
};
const hooks = ["prerouting", "input", "forward", "output", "postrouting", "ingress"];
/** Sets whose elements packets add, or that time removes. */
const movingSets = 0x10 | 0x20;
/** What these expressions hold is what they counted. */
const countingExpressions = new Set(["counter", "quota", "last"]);

interface Message {
  readonly family: string;
  readonly familyNumber: number;
  readonly found: ReadonlyMap<number, Buffer>;
}

/** Tables, chains, rules, sets with their elements, objects and flow tables. */
export function readNftables(netlink: Questions): ListedFact[] {
  const all = (type: number): Message[] =>
    netlink.dump({ type: subsystem | type, body: Buffer.alloc(headerBytes) }).map(({ body }) => ({
      family: families[body[0] ?? 0] ?? String(body[0]),
      familyNumber: body[0] ?? 0,
      found: attributesByType(body, headerBytes),
    }));
  const tables = all(get.tables);
  // Most hosts have none, and what stands in tables is then not asked for.
  if (tables.length === 0) return [];
  return [
    ...tables.map(tableFact),
    ...all(get.chains).map(chainFact),
    ...inOrder(all(get.rules)),
    ...all(get.sets).map((message) => setFact(message, netlink)),
    ...all(get.objects).map((message) => namedFact("object", message)),
    ...all(get.flowtables).map((message) => namedFact("flowtable", message)),
  ];
}

function tableFact({ family, found }: Message): ListedFact {
  const name = `${family} ${textOf(found.get(1))}`;
  return factOf({
    what: "table",
    name,
    attributes: { flags: bigEndian(found.get(2)) },
    show: `nft list table ${words(name)}`,
  });
}

function chainFact({ family, found }: Message): ListedFact {
  const table = `${family} ${textOf(found.get(1))}`;
  const hook = attributesByType(found.get(4) ?? Buffer.alloc(0));
  const attributes = {
    type: textOf(found.get(7)),
    hook: hook.has(1) ? (hooks[bigEndian(hook.get(1))] ?? String(bigEndian(hook.get(1)))) : "",
    priority: hook.has(2) ? bigEndian(hook.get(2)) | 0 : null,
    device: textOf(hook.get(3)),
    policy: found.has(5) ? (["drop", "accept"][bigEndian(found.get(5))] ?? "") : "",
  };
  const name = `${table} ${textOf(found.get(3))}`;
  return factOf({ what: "chain", name, attributes, show: `nft list chain ${words(name)}` });
}

/** A rule's number is its own for as long as its table lives. */
function inOrder(messages: readonly Message[]): ListedFact[] {
  return messages.map(({ family, found }) => {
    const chain = `${family} ${textOf(found.get(1))} ${textOf(found.get(2))}`;
    const expressions = listAttributes(found.get(4) ?? Buffer.alloc(0)).map(({ value }) => {
      const parts = attributesByType(value);
      const name = textOf(parts.get(1));
      return { name, data: countingExpressions.has(name) ? Buffer.alloc(0) : (parts.get(2) ?? Buffer.alloc(0)) };
    });
    const digest = digestOf(expressions.flatMap(({ name, data }) => [Buffer.from(name), data]));
    const attributes = { expressions: expressions.map(({ name }) => name), digest };
    return factOf({
      what: "rule",
      name: `${chain} handle ${bigEndian(found.get(3))}`,
      attributes,
      show: `nft --handle list chain ${words(chain)}`,
    });
  });
}

function setFact({ family, familyNumber, found }: Message, netlink: Questions): ListedFact {
  const [table, set] = [textOf(found.get(1)), textOf(found.get(2))];
  const flags = bigEndian(found.get(3));
  const attributes = {
    flags,
    keyType: bigEndian(found.get(4)),
    ...((flags & movingSets) === 0 && { elements: digestOf(elementsOf(netlink, { familyNumber, table, set })) }),
  };
  const name = `${family} ${table} ${set}`;
  return factOf({ what: "set", name, attributes, show: `nft list set ${words(name)}` });
}

/** In an order of their own: a hashed set has none. */
function elementsOf(
  netlink: Questions,
  { familyNumber, table, set }: { familyNumber: number; table: string; set: string },
): Buffer[] {
  const header = Buffer.from([familyNumber, 0, 0, 0]);
  const body = Buffer.concat([header, textAttribute(1, table), textAttribute(2, set)]);
  const elements = netlink.dump({ type: subsystem | get.elements, body }).flatMap((message) => {
    const list = attributesByType(message.body, headerBytes).get(3) ?? Buffer.alloc(0);
    return listAttributes(list).map(({ value }) => value);
  });
  return elements.sort((one, other) => one.compare(other));
}

function textAttribute(type: number, text: string): Buffer {
  const value = Buffer.from(`${text}\0`, "latin1");
  const attribute = Buffer.alloc((4 + value.length + 3) & ~3);
  attribute.writeUInt16LE(4 + value.length, 0);
  attribute.writeUInt16LE(type, 2);
  attribute.set(value, 4);
  return attribute;
}

function namedFact(what: string, { family, found }: Message): ListedFact {
  const name = `${family} ${textOf(found.get(1))} ${textOf(found.get(2))}`;
  return factOf({ what, name, attributes: {}, show: `nft list table ${words(`${family} ${textOf(found.get(1))}`)}` });
}

function factOf({
  what,
  name,
  attributes,
  show,
}: {
  what: string;
  name: string;
  attributes: ListedFact["attributes"];
  show: string;
}): ListedFact {
  const subject = `firewall ${what} ${name}`;
  return { key: `nft ${what} ${name}`, subject, location: `nft ${what} ${name}`, uid: null, attributes, show };
}

/** For a shell; no name of a table holds a blank. */
function words(names: string): string {
  return names.split(" ").map(shellPath).join(" ");
}

function digestOf(parts: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}
