import { createHash } from "node:crypto";

import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { kernelCalls, type KernelCalls } from "../../kernel-calls.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { textOf } from "../../netlink/attributes.ts";
import { KernelTexts } from "../read-text.ts";
import { infoBytes, type LegacyRule, rulesInChains, verdictBytes } from "./legacy-chains.ts";

/** linux/netfilter_ipv4/ip_tables.h and linux/netfilter_ipv6/ip6_tables.h: where parts of a rule stand, in bytes. */
export const layouts = [
  {
    ...{ program: "iptables", names: "ip_tables_names", family: 2, level: 0, addressBytes: 4 },
    ...{ from: 0, to: 4, input: 16, output: 32, protocol: 80, targetAt: 88, nextAt: 90, comesFrom: 92, counters: 96 },
  },
  {
    ...{ program: "ip6tables", names: "ip6_tables_names", family: 10, level: 41, addressBytes: 16 },
    ...{
      from: 0,
      to: 16,
      input: 64,
      output: 80,
      protocol: 128,
      targetAt: 140,
      nextAt: 142,
      comesFrom: 144,
      counters: 152,
    },
  },
] as const;
type Layout = (typeof layouts)[number];

const rawSocket = 3;
const closeOnExec = 0o2000000;
const rawProtocol = 255;
const getInfo = 64;
const getEntries = 65;
const nameBytes = 32;
const sizeAt = 80;
const entriesHeaderBytes = 40;
const counterBytes = 16;
/** Rules of the iptables that was before nftables, of tables that are there already: to ask for another one makes it. */
export function readLegacyTables(proc = "/proc/thread-self/net"): ListedReading {
  const texts = new KernelTexts();
  const facts: ListedFact[] = [];
  const refused: string[] = [];
  for (const layout of layouts) {
    for (const [table = ""] of texts.rows(`${proc}/${layout.names}`)) {
      const rules = readTable(layout, table);
      if (rules === null) refused.push(`${layout.program} table ${table}`);
      facts.push(tableFact(layout.program, table), ...ruleFacts({ layout, table, rules: rules ?? [] }));
    }
  }
  const arp = texts.rows(`${proc}/arp_tables_names`).map(([table = ""]) => tableFact("arptables", table));
  const unread = refused.length === 0 ? [] : [`the rules of ${refused.join(", ")} cannot be read`];
  return { facts: [...facts, ...arp], unseen: [...texts.unseen(), ...unread] };
}

function tableFact(program: string, table: string): ListedFact {
  const key = `${program} ${table}`;
  const show = `${program}-legacy -t ${table} -S`;
  return { key, subject: `firewall table ${table} of ${program}`, location: key, uid: null, attributes: {}, show };
}

/** Null where the kernel refuses. */
function readTable(layout: Layout, table: string): LegacyRule[] | null {
  const calls = kernelCalls();
  const socket = calls?.socket(layout.family, rawSocket | closeOnExec, rawProtocol) ?? -1;
  if (calls === null || socket < 0) return null;
  try {
    const info = option(calls, { socket, level: layout.level, name: getInfo, table, bytes: infoBytes });
    if (info === null) return null;
    const bytes = entriesHeaderBytes + info.readUInt32LE(sizeAt);
    const entries = option(calls, { socket, level: layout.level, name: getEntries, table, bytes });
    return entries === null ? null : rulesInChains(info, entries.subarray(entriesHeaderBytes), layout);
  } finally {
    calls.close(socket);
  }
}

function option(
  calls: KernelCalls,
  { socket, level, name, table, bytes }: { socket: number; level: number; name: number; table: string; bytes: number },
): Buffer | null {
  const value = Buffer.alloc(bytes);
  value.write(table, 0, nameBytes - 1, "latin1");
  value.writeUInt32LE(bytes > infoBytes ? bytes - entriesHeaderBytes : 0, nameBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes, 0);
  const answer = calls.getsockopt(socket, level, name, calls.addressOf(value), calls.addressOf(length));
  return answer === 0 ? value : null;
}

/** By what they say and how often it was said before, so that a rule put in above changes none below. */
export function ruleFacts({
  layout,
  table,
  rules,
}: {
  layout: Layout;
  table: string;
  rules: readonly LegacyRule[];
}): ListedFact[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const text = `${rule.chain}: ${textOfRule(layout, rule)}`;
    const words = `${layout.program} ${table} ${text} ${digestOf(layout, rule)}`;
    const count = (seen.get(words) ?? 0) + 1;
    seen.set(words, count);
    return {
      key: count === 1 ? words : `${words} (${count})`,
      subject: `firewall rule of ${layout.program}, table ${table}: ${text}`,
      location: `${layout.program} ${table}: ${text}`,
      uid: null,
      attributes: { rule: text },
      show: `${layout.program}-legacy -t ${table} -S`,
    };
  });
}

function textOfRule(layout: Layout, { bytes, part, target }: LegacyRule): string {
  if (part === "head") return "a chain of its own";
  if (part === "policy") return `policy ${target}`;
  const address = (at: number) => showAddress(bytes.subarray(at, at + layout.addressBytes));
  const device = (at: number) => textOf(bytes.subarray(at, at + 16));
  const protocol = bytes[layout.protocol] ?? 0;
  const isAny = (at: number) => bytes.subarray(at, at + layout.addressBytes).every((byte) => byte === 0);
  // Masks, negations and what extensions match are in the digest only.
  return [
    ...(isAny(layout.from) ? [] : [`from ${address(layout.from)}`]),
    ...(isAny(layout.to) ? [] : [`to ${address(layout.to)}`]),
    ...(device(layout.input) === "" ? [] : [`in ${device(layout.input)}`]),
    ...(device(layout.output) === "" ? [] : [`out ${device(layout.output)}`]),
    ...(protocol === 0 ? [] : [`protocol ${protocol}`]),
    target,
  ].join(" ");
}

/**
 * Without its counters, where it is come from, which the kernel notes while it looks for loops, and the place of the chain
 * that it jumps to, which its text names.
 */
function digestOf({ comesFrom, counters, targetAt }: Layout, { bytes, isJump }: LegacyRule): string {
  const jump = bytes.readUInt16LE(targetAt) + verdictBytes.at;
  const rest = counters + counterBytes;
  const hash = createHash("sha256").update(bytes.subarray(0, comesFrom));
  if (isJump) hash.update(bytes.subarray(rest, jump)).update(bytes.subarray(jump + verdictBytes.length));
  else hash.update(bytes.subarray(rest));
  return hash.digest("hex").slice(0, 16);
}
