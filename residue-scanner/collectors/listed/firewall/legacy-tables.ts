import { createHash } from "node:crypto";

import type { ListedFact, ListedReading } from "../../../core/fact.ts";
import { kernelCalls, type KernelCalls } from "../../kernel-calls.ts";
import { showAddress } from "../../netlink/addresses.ts";
import { textOf } from "../../netlink/attributes.ts";
import { KernelTexts } from "../read-text.ts";

/** linux/netfilter_ipv4/ip_tables.h and linux/netfilter_ipv6/ip6_tables.h: where parts of a rule stand, in bytes. */
const layouts = [
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
const infoBytes = 84;
const sizeAt = 80;
const entriesHeaderBytes = 40;
const counterBytes = 16;
/** xt_standard_target: where its verdict stands, and what the numbers mean. */
const verdictAt = 32;
const verdicts: Readonly<Record<number, string>> = { [-1]: "DROP", [-2]: "ACCEPT", [-5]: "RETURN" };

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
function readTable(layout: Layout, table: string): Buffer[] | null {
  const calls = kernelCalls();
  const socket = calls?.socket(layout.family, rawSocket | closeOnExec, rawProtocol) ?? -1;
  if (calls === null || socket < 0) return null;
  try {
    const info = option(calls, { socket, level: layout.level, name: getInfo, table, bytes: infoBytes });
    if (info === null) return null;
    const bytes = entriesHeaderBytes + info.readUInt32LE(sizeAt);
    const entries = option(calls, { socket, level: layout.level, name: getEntries, table, bytes });
    return entries === null ? null : splitRules(layout, entries.subarray(entriesHeaderBytes));
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

function splitRules({ nextAt }: Layout, bytes: Buffer): Buffer[] {
  const rules: Buffer[] = [];
  for (let at = 0; at + nextAt + 2 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at + nextAt);
    if (length === 0) break;
    rules.push(bytes.subarray(at, at + length));
    at += length;
  }
  // The last one marks the end.
  return rules.slice(0, -1);
}

/** By what they say and how often it was said before, so that a rule put in above changes none below. */
function ruleFacts({
  layout,
  table,
  rules,
}: {
  layout: Layout;
  table: string;
  rules: readonly Buffer[];
}): ListedFact[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const text = textOfRule(layout, rule);
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

function textOfRule(layout: Layout, rule: Buffer): string {
  const address = (at: number) => showAddress(rule.subarray(at, at + layout.addressBytes));
  const device = (at: number) => textOf(rule.subarray(at, at + 16));
  const protocol = rule[layout.protocol] ?? 0;
  const target = rule.subarray(rule.readUInt16LE(layout.targetAt));
  const name = textOf(target.subarray(2, 31));
  const verdict = target.length >= verdictAt + 4 ? target.readInt32LE(verdictAt) : 0;
  const isAny = (at: number) => rule.subarray(at, at + layout.addressBytes).every((byte) => byte === 0);
  return [
    ...(isAny(layout.from) ? [] : [`from ${address(layout.from)}`]),
    ...(isAny(layout.to) ? [] : [`to ${address(layout.to)}`]),
    ...(device(layout.input) === "" ? [] : [`in ${device(layout.input)}`]),
    ...(device(layout.output) === "" ? [] : [`out ${device(layout.output)}`]),
    ...(protocol === 0 ? [] : [`protocol ${protocol}`]),
    name === "" ? (verdicts[verdict] ?? "jump") : name,
  ].join(" ");
}

/** Without its counters, and where it is come from, which the kernel notes while it looks for loops. */
function digestOf({ comesFrom, counters }: Layout, rule: Buffer): string {
  const hash = createHash("sha256")
    .update(rule.subarray(0, comesFrom))
    .update(rule.subarray(counters + counterBytes));
  return hash.digest("hex").slice(0, 16);
}
