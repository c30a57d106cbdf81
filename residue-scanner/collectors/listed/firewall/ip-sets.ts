import { createHash } from "node:crypto";
import { existsSync } from "node:fs";

import type { ListedFact } from "../../../core/fact.ts";
import { shellPath } from "../../../core/path-text.ts";
import { attributesByType, listAttributes, textOf } from "../../netlink/attributes.ts";
import { orNone, type Questions } from "../../netlink/netlink.ts";

/** linux/netfilter/nfnetlink.h and ipset/ip_set.h */
const listSets = (6 << 8) | 7;
const headerBytes = 4;
/** Any kernel since 2014 answers to version 6 of the protocol. */
const question = Buffer.from([0, 0, 0, 0, 5, 0, 1, 0, 6, 0, 0, 0]);
const setAttributes = { name: 2, kind: 3, data: 7, elements: 8 } as const;
const timeout = 6;
/** Size of the table, count of elements, references by rules, memory. */
const movingOfSet = new Set([18, 22, 24, 25, 26]);
/** What is left of its time, and what packets were counted. */
const movingOfElement = new Set([timeout, 24, 25]);

/** To ask a kernel for sets that has none would load what they are made by. */
export function hasIpSets(sys = "/sys"): boolean {
  return existsSync(`${sys}/module/ip_set`);
}

/** Sets of addresses, ports or networks by which rules choose (ipset(8)), with what is in them. */
export function readIpSets(netlink: Questions): ListedFact[] {
  const parts = orNone(() => netlink.dump({ type: listSets, body: question })).map(({ body }) =>
    attributesByType(body, headerBytes),
  );
  // A long one comes in several messages, of which the first alone says what it is.
  const byName = Map.groupBy(parts, (part) => textOf(part.get(setAttributes.name)));
  return [...byName].map(([name, messages]) => setFact(name, messages));
}

function setFact(name: string, messages: readonly ReadonlyMap<number, Buffer>[]): ListedFact {
  const value = (type: number) => messages.map((each) => each.get(type)).find((each) => each !== undefined);
  const settings = listAttributes(value(setAttributes.data) ?? Buffer.alloc(0));
  // Time takes elements out.
  const isTimed = settings.some(({ type }) => type === timeout);
  const elements = messages.flatMap((each) => listAttributes(each.get(setAttributes.elements) ?? Buffer.alloc(0)));
  return {
    ...{ key: `ipset ${name}`, subject: `set ${name} of the firewall`, location: `ipset ${name}`, uid: null },
    attributes: {
      kind: textOf(value(setAttributes.kind)),
      settings: shown(settings, movingOfSet),
      ...(!isTimed && {
        elements: digestOf(elements.map(({ value: each }) => shown(listAttributes(each), movingOfElement))),
      }),
    },
    show: `ipset list ${shellPath(name)}`,
  };
}

function shown(attributes: ReturnType<typeof listAttributes>, moving: ReadonlySet<number>): string[] {
  return attributes.flatMap(({ type, value }) => (moving.has(type) ? [] : [`${type}=${value.toString("hex")}`]));
}

/** They stand in no order. */
function digestOf(elements: readonly (readonly string[])[]): string {
  const lines = elements.map((each) => each.join(" ")).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}
