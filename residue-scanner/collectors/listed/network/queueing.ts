import { createHash } from "node:crypto";

import type { ListedFact } from "../../../core/fact.ts";
import { attributesByType, textOf } from "../../netlink/attributes.ts";
import type { Questions } from "../../netlink/netlink.ts";
import { shellPath } from "../../../core/path-text.ts";

/** linux/rtnetlink.h, struct tcmsg: family, index, handle, parent, info. */
const getDiscipline = 38;
const headerBytes = 20;
const kindAttribute = 1;
const optionsAttribute = 2;
/** They count packets among their options. */
const countingKinds = new Set(["htb", "hfsc"]);

/** What queues, shapes and inspects the packets of each interface (tc(8)). */
export function readQueueing(netlink: Questions, nameOf: (index: number) => string): ListedFact[] {
  return netlink.dump({ type: getDiscipline, body: Buffer.alloc(headerBytes) }).flatMap(({ body }) => {
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
