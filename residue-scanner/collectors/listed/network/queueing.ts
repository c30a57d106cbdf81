import { createHash } from "node:crypto";

import type { ListedFact } from "../../../core/fact.ts";
import { attributesByType, textOf } from "../../netlink/attributes.ts";
import { shellPath } from "../../../core/path-text.ts";
import type { NetlinkMessage, Questions } from "../../netlink/netlink.ts";

/** linux/rtnetlink.h, struct tcmsg: family, index, handle, parent, info. */
const getDiscipline = 38;
const getClass = 42;
const getFilter = 46;
const headerBytes = 20;
const kindAttribute = 1;
const optionsAttribute = 2;
/** They count packets among their options. */
const countingKinds = new Set(["htb", "hfsc"]);

/** Where filters of what comes in and goes out stand (linux/pkt_sched.h), and kinds that have none below them. */
const ingress = 0xffff_fff1;
const places = [0xffff_fff2, 0xffff_fff3];
const plainKinds = new Set(["noqueue", "pfifo_fast", "pfifo", "bfifo", "fq_codel", "fq", "mq", "sfq", "tbf", "codel"]);

/** What queues, shapes and inspects the packets of each interface (tc(8)). */
export function readQueueing(netlink: Questions, nameOf: (index: number) => string): ListedFact[] {
  const disciplines = netlink.dump({ type: getDiscipline, body: Buffer.alloc(headerBytes) });
  return [...disciplineFacts(disciplines, nameOf), ...belowDisciplines(netlink, disciplines, nameOf)];
}

function disciplineFacts(messages: readonly NetlinkMessage[], nameOf: (index: number) => string): ListedFact[] {
  return messages.flatMap(({ body }) => {
    const found = attributesByType(body, headerBytes);
    const device = nameOf(body.readInt32LE(4));
    const kind = textOf(found.get(kindAttribute));
    const options = found.get(optionsAttribute) ?? Buffer.alloc(0);
    const handle = body.readUInt32LE(8).toString(16);
    const parent = body.readUInt32LE(12).toString(16);
    // What a device has that needs no queue.
    if (kind === "noqueue") return [];
    const fact: ListedFact = {
      key: `queue ${device} ${parent} ${handle}`,
      subject: `queueing discipline ${kind} of ${device}`,
      location: `queueing of ${device}`,
      uid: null,
      attributes: {
        kind,
        options: countingKinds.has(kind) ? "" : createHash("sha256").update(options).digest("hex").slice(0, 16),
      },
      show: `tc qdisc show dev ${shellPath(device)}`,
    };
    return [fact];
  });
}

/** Classes and filters, which are asked for of one interface at a time, and filters of one place. */
function belowDisciplines(
  netlink: Questions,
  disciplines: readonly NetlinkMessage[],
  nameOf: (index: number) => string,
): ListedFact[] {
  const facts = new Map<string, ListedFact>();
  for (const { body } of disciplines) {
    if (plainKinds.has(textOf(attributesByType(body, headerBytes).get(kindAttribute)))) continue;
    const ask = (type: number, parent: number) => {
      const question = Buffer.alloc(headerBytes);
      question.writeInt32LE(body.readInt32LE(4), 4);
      question.writeUInt32LE(parent, 12);
      return netlink.dump({ type, body: question });
    };
    const isIngress = body.readUInt32LE(12) === ingress;
    const parents = isIngress ? places : [body.readUInt32LE(8)];
    const found = [
      ...(isIngress ? [] : ask(getClass, 0).map((each) => partFact("class", each.body, nameOf))),
      ...parents.flatMap((parent) => ask(getFilter, parent).map((each) => partFact("filter", each.body, nameOf))),
    ];
    for (const fact of found) facts.set(fact.key, fact);
  }
  return [...facts.values()];
}

/** @param body of a message of a class or of a filter, whose priority and protocol stand in its last word */
export function partFact(what: "class" | "filter", body: Buffer, nameOf: (index: number) => string): ListedFact {
  const found = attributesByType(body, headerBytes);
  const device = nameOf(body.readInt32LE(4));
  const handle = what === "class" ? showHandle(body.readUInt32LE(8)) : body.readUInt32LE(8).toString(16);
  const parent = showHandle(body.readUInt32LE(12));
  const info = what === "filter" ? body.readUInt32LE(16).toString(16) : "";
  const kind = textOf(found.get(kindAttribute));
  const options = found.get(optionsAttribute) ?? Buffer.alloc(0);
  const digest = createHash("sha256").update(options).digest("hex").slice(0, 16);
  return {
    key: `queue ${device} ${what} ${parent} ${handle} ${info}`,
    subject: `${what} ${handle} of ${device} (${kind})`,
    location: `${what} ${handle} of ${device}`,
    uid: null,
    // Filters count among their options.
    attributes: { kind, options: what === "class" ? digest : "" },
    show: `tc ${what} show dev ${device}`,
  };
}

/** As tc(8) writes it: `1:77`. */
function showHandle(handle: number): string {
  return `${(handle >>> 16).toString(16)}:${(handle & 0xffff).toString(16)}`;
}
