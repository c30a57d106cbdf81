import { closeSync, openSync } from "node:fs";

import { assert } from "../../foundation/assert.ts";
import { readMounts } from "./files/mounts.ts";
import { kernelCalls } from "./kernel-calls.ts";
import type { OpenFiles } from "./open-files.ts";
import { firstPid, hasEnded, listPids, readProcLink } from "./proc.ts";

/** CLONE_NEWNET, CLONE_NEWIPC and CLONE_NEWUTS of linux/sched.h. */
const kinds = { net: 0x4000_0000, ipc: 0x0800_0000, uts: 0x0400_0000 } as const;

/** One of network_namespaces(7) other than the scanner's own. */
export interface NetworkNamespace {
  /** `net:[4026532000]` */
  readonly name: string;
  /** What leads into it: a process's link, a mount (one character a byte), a descriptor. */
  readonly entrance: string;
  /** The tables of a process in it; null where none lives there. */
  readonly tables: string | null;
  /** Who lives in it or has it open. */
  readonly pids: readonly number[];
  /** Whether a mount keeps it, whoever lives in it. */
  readonly isPinned: boolean;
}

export interface NetworkNamespaces {
  readonly others: readonly NetworkNamespace[];
  /** How many processes do not show theirs. */
  readonly hidden: number;
}

/** Asked for by several collectors of one reading, which share what is open. */
const lists = new WeakMap<OpenFiles["namespaces"], NetworkNamespaces>();

/** All that a visible process lives in, that is mounted somewhere, or that a descriptor keeps; once for what was open. */
export function listNetworkNamespaces({ namespaces }: Pick<OpenFiles, "namespaces">): NetworkNamespaces {
  const known = lists.get(namespaces) ?? readNetworkNamespaces(namespaces);
  lists.set(namespaces, known);
  return known;
}

function readNetworkNamespaces(namespaces: OpenFiles["namespaces"]): NetworkNamespaces {
  const own = readProcLink("/proc/self/ns/net");
  const found = new Map<string, NetworkNamespace>();
  let hidden = 0;
  const add = ({
    pids = [],
    isPinned = false,
    ...way
  }: Omit<NetworkNamespace, "pids" | "isPinned"> & Partial<NetworkNamespace>) => {
    if (way.name === own) return;
    const known = found.get(way.name) ?? { ...way, pids: [], isPinned: false };
    found.set(way.name, { ...known, pids: [...known.pids, ...pids], isPinned: known.isPinned || isPinned });
  };
  for (const pid of listPids()) {
    const entrance = `/proc/${pid}/ns/net`;
    const name = readProcLink(entrance);
    if (name === null) hidden += pid === firstPid || hasEnded(pid) ? 0 : 1;
    else add({ name, entrance, tables: `/proc/${pid}/net`, pids: [pid] });
  }
  for (const { type, root, point } of readMounts()) {
    if (type === "nsfs" && root.startsWith("net:")) add({ name: root, entrance: point, tables: null, isPinned: true });
  }
  for (const [name, { link, pids }] of namespaces) {
    if (name.startsWith("net:")) add({ name, entrance: link, tables: null, pids });
  }
  return { others: [...found.values()], hidden };
}

/**
 * Whether nothing leads to it any more: who lived in it when it was listed may have ended since, and taken it along.
 */
export function isGone({ name, entrance, pids, isPinned }: NetworkNamespace): boolean {
  const ways = [entrance, ...pids.map((pid) => `/proc/${pid}/ns/net`)];
  if (ways.some((way) => readProcLink(way) === name)) return false;
  return !isPinned || !readMounts().some(({ type, root }) => type === "nsfs" && root === name);
}

/**
 * Does something inside another network namespace; needs CAP_SYS_ADMIN. Nothing else of this thread runs meanwhile, so
 * `use` must not wait.
 *
 * @returns null where this user may not go there, or it is gone
 */
export function withinNetwork<T>(entrance: string, use: () => T): T | null {
  return withinNamespace("net", entrance, use);
}

/** The same of other kinds that a thread may enter alone. */
export function withinNamespace<T>(kind: keyof typeof kinds, entrance: string, use: () => T): T | null {
  const calls = kernelCalls();
  if (calls === null) return null;
  const home = openIfThere(`/proc/thread-self/ns/${kind}`);
  const there = openIfThere(entrance);
  try {
    if (home === null || there === null || calls.setns(there, kinds[kind]) !== 0) return null;
    try {
      return use();
    } finally {
      assert(calls.setns(home, kinds[kind]) === 0, "a thread can always go back to the namespace that it came from");
    }
  } finally {
    for (const descriptor of [home, there]) if (descriptor !== null) closeSync(descriptor);
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(Buffer.from(path, "latin1"), "r");
  } catch {
    // Gone since it was listed, or not this user's to open.
    return null;
  }
}
