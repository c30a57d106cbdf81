import { textOf } from "../../netlink/attributes.ts";

/** `struct ipt_getinfo` of linux/netfilter_ipv4/ip_tables.h: where each hook's chain begins, and where its policy stands. */
export const infoBytes = 84;
const validHooksAt = 32;
const beginningsAt = 36;
const policiesAt = 56;
/** enum nf_inet_hooks, by number. */
const hookNames = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] as const;
/** `struct xt_entry_target`: its name, then what is its own. */
const targetNameAt = 2;
const targetNameEnd = 31;
const targetDataAt = 32;
const chainNameBytes = 30;
/** The target of what is no rule, but the head of a chain that somebody made. */
const headTarget = "ERROR";
/** Negative verdicts; others are where to go on. */
const verdicts: Readonly<Record<number, string>> = { [-1]: "DROP", [-2]: "ACCEPT", [-5]: "RETURN" };

/** One entry of a table, in its chain. */
export interface LegacyRule {
  readonly bytes: Buffer;
  readonly chain: string;
  /** The head of a chain that somebody made, or the policy of one that is always there. */
  readonly part: "head" | "policy" | "rule";
  /** What becomes of a packet: a verdict, a chain, an extension. */
  readonly target: string;
  /** Whether the target's data say nothing but where in the table that chain stands, which moves with every rule. */
  readonly isJump: boolean;
}

/**
 * Tells of each entry in which chain it stands and where it leads: the kernel keeps a table as one list, in which chains
 * are places.
 *
 * @param entries in the kernel's order; the last one marks the end and is left out
 * @param offsets where an entry says how long it is and where its target is, in bytes
 */
export function rulesInChains(
  info: Buffer,
  entries: Buffer,
  { targetAt, nextAt }: { readonly targetAt: number; readonly nextAt: number },
): LegacyRule[] {
  const placed = split(entries, nextAt).slice(0, -1);
  const hooks = hookNames.filter((_, hook) => (info.readUInt32LE(validHooksAt) & (1 << hook)) !== 0);
  const placesAt = (start: number) =>
    new Map(hooks.map((name) => [info.readUInt32LE(start + 4 * hookNames.indexOf(name)), name]));
  const [beginnings, policies] = [placesAt(beginningsAt), placesAt(policiesAt)];
  const targetOf = (bytes: Buffer) => bytes.subarray(bytes.readUInt16LE(targetAt));
  const headOf = (bytes: Buffer): string | null => {
    const target = targetOf(bytes);
    if (textOf(target.subarray(targetNameAt, targetNameEnd)) !== headTarget) return null;
    return textOf(target.subarray(targetDataAt, targetDataAt + chainNameBytes));
  };
  // Whoever jumps goes to the first rule, behind the head.
  const chains = new Map(
    placed.flatMap(({ at, bytes }) => {
      const head = headOf(bytes);
      return head === null ? [] : [[at + bytes.length, head] as const];
    }),
  );
  let chain = "";
  return placed.map(({ at, bytes }) => {
    const head = headOf(bytes);
    chain = head ?? beginnings.get(at) ?? chain;
    const part = head !== null ? "head" : policies.has(at) ? "policy" : "rule";
    const target = targetOf(bytes);
    const name = textOf(target.subarray(targetNameAt, targetNameEnd));
    const verdict = name === "" && target.length >= targetDataAt + 4 ? target.readInt32LE(targetDataAt) : null;
    if (verdict === null) return { bytes, chain, part, target: name, isJump: false };
    const isFallThrough = verdict === at + bytes.length;
    const leadsTo = verdicts[verdict] ?? (isFallThrough ? "go on" : `to ${chains.get(verdict) ?? "another rule"}`);
    return { bytes, chain, part, target: leadsTo, isJump: verdict >= 0 };
  });
}

/** Bytes of a rule's verdict, counted from its target. */
export const verdictBytes = { at: targetDataAt, length: 4 } as const;

function split(entries: Buffer, nextAt: number): { at: number; bytes: Buffer }[] {
  const found: { at: number; bytes: Buffer }[] = [];
  for (let at = 0; at + nextAt + 2 <= entries.length; ) {
    const length = entries.readUInt16LE(at + nextAt);
    if (length === 0) break;
    found.push({ at, bytes: entries.subarray(at, at + length) });
    at += length;
  }
  return found;
}
