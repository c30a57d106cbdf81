import { constants } from "node:os";

import type { FactAttributes } from "../../../../protocol/residue-report.ts";
import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { type KernelCalls, kernelCalls } from "../../kernel-calls.ts";
import { textOf } from "../../netlink/attributes.ts";
import type { OpenFiles } from "../../open-files.ts";

/** linux/bpf.h: numbers of commands, and how the objects that somebody makes describe themselves. */
const kinds = {
  prog: { what: "program", next: 11, open: 13, idAt: 4, describe: describeProgram },
  map: { what: "map", next: 12, open: 14, idAt: 4, describe: describeMap },
  link: { what: "link", next: 31, open: 30, idAt: 4, describe: describeLink },
} as const;
type Kind = keyof typeof kinds;
const getInfo = 15;
const attributeBytes = 128;
const infoBytes = 256;
const objectsMax = 100_000;

/** Programs, maps and links of bpf(2), with who has them open; what is pinned or attached needs nobody for that. */
export function collectBpf({ bpf }: Pick<OpenFiles, "bpf">): ListedReading {
  const calls = kernelCalls();
  if (calls === null) return { facts: [], unseen: ["BPF objects cannot be asked for"] };
  const facts: ListedFact[] = [];
  for (const kind of Object.keys(kinds) as Kind[]) {
    const refusal = readKind(calls, { kind, holders: bpf, facts });
    if (refusal === "absent") return { facts: [], unseen: [] };
    if (refusal === "refused") return { facts, unseen: ["only root sees BPF objects"] };
  }
  return { facts, unseen: [] };
}

interface KindReading {
  readonly kind: Kind;
  readonly holders: OpenFiles["bpf"];
  readonly facts: ListedFact[];
}

function readKind(calls: KernelCalls, { kind, holders, facts }: KindReading): "absent" | "refused" | "done" {
  const attributes = Buffer.alloc(attributeBytes);
  const address = calls.addressOf(attributes);
  let id = 0;
  for (let count = 0; count < objectsMax; count += 1) {
    attributes.fill(0).writeUInt32LE(id, 0);
    if (calls.bpf(kinds[kind].next, address, attributeBytes) < 0) {
      const errno = calls.errno();
      if (errno === constants.errno.ENOENT || errno === constants.errno.EINVAL) return "done";
      return errno === constants.errno.ENOSYS ? "absent" : "refused";
    }
    id = attributes.readUInt32LE(4);
    const info = infoOf(calls, { kind, id });
    if (info !== null) facts.push(factOf({ kind, id, info, pids: holders.get(`${kind} ${id}`) ?? [] }));
  }
  return "done";
}

/** Null where it is gone by now. */
function infoOf(calls: KernelCalls, { kind, id }: { kind: Kind; id: number }): Buffer | null {
  const attributes = Buffer.alloc(attributeBytes);
  attributes.writeUInt32LE(id, 0);
  const descriptor = calls.bpf(kinds[kind].open, calls.addressOf(attributes), attributeBytes);
  if (descriptor < 0) return null;
  const info = Buffer.alloc(infoBytes);
  attributes.fill(0).writeUInt32LE(descriptor, 0);
  attributes.writeUInt32LE(infoBytes, 4);
  attributes.writeBigUInt64LE(BigInt(calls.addressOf(info)), 8);
  const answer = calls.bpf(getInfo, calls.addressOf(attributes), attributeBytes);
  calls.close(descriptor);
  return answer < 0 ? null : info;
}

interface BpfObject {
  readonly kind: Kind;
  readonly id: number;
  readonly info: Buffer;
  readonly pids: readonly number[];
}

function factOf({ kind, id, info, pids }: BpfObject): ListedFact {
  const { what, describe } = kinds[kind];
  const { uid = null, ...attributes } = describe(info);
  const name = typeof attributes["name"] === "string" ? ` ${attributes["name"]}` : "";
  return {
    key: `bpf ${kind} ${id}`,
    subject: `BPF ${what} ${id}${name}${pids.length > 0 ? `, open in process ${pids[0]}` : ""}`,
    location: `bpf ${kind} ${id}`,
    uid: typeof uid === "number" ? uid : null,
    attributes,
    ...(pids.length > 0 && { users: pids }),
    show: `bpftool ${kind} show id ${id}`,
  };
}

/** struct bpf_prog_info */
function describeProgram(info: Buffer): FactAttributes {
  const tag = info.toString("hex", 8, 16);
  return { type: info.readUInt32LE(0), tag, name: textOf(info.subarray(64, 80)), uid: info.readUInt32LE(48) };
}

/** struct bpf_map_info */
function describeMap(info: Buffer): FactAttributes {
  return {
    type: info.readUInt32LE(0),
    keyBytes: info.readUInt32LE(8),
    valueBytes: info.readUInt32LE(12),
    entriesMax: info.readUInt32LE(16),
    name: textOf(info.subarray(24, 40)),
  };
}

/** struct bpf_link_info */
function describeLink(info: Buffer): FactAttributes {
  return { type: info.readUInt32LE(0), program: info.readUInt32LE(8) };
}
