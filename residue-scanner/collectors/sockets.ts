import { readFileSync } from "node:fs";

import { systemCode } from "../../foundation/errors.ts";
import type { SocketFact, SurfaceReading } from "../core/fact.ts";
import { parseInternetTable, parseUnixTable, socketFacts, type SocketRow } from "../core/socket-table.ts";
import { readSocketHolders } from "./open-files.ts";
import { firstPid, hasEnded, listPids, readProcLink } from "./proc.ts";

const internetTables = ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6"];

/** The kernel lacks the protocol, or the process that showed the table has ended. */
const absentCodes = new Set(["ENOENT", "ESRCH", "EINVAL"]);

interface Namespace {
  /** Goes before each address; empty for the scanner's own. */
  readonly label: string;
  /** The /proc/…/net that shows it. */
  readonly directory: string;
}

/** Every socket of every network namespace in which a visible process lives, and who holds it. */
export function collectSockets(): { sockets: SocketFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const { sockets: holders, closed, holdersHidden } = readSocketHolders();
  const { namespaces, hidden } = listNamespaces();
  const unread: string[] = [];
  const sockets = namespaces.flatMap(({ label, directory }) => {
    const tables = readTables(directory);
    unread.push(...tables.unread.map((name) => `${directory}/${name}`));
    return socketFacts({ rows: tables.rows, holders, holdersHidden, namespace: label });
  });
  const parts: string[] = [];
  if (unread.length > 0) parts.push(`${unread.length} tables of sockets cannot be read, ${unread[0]} for one`);
  if (closed > 0) parts.push(`${closed} processes of other users do not show which sockets they hold`);
  if (hidden > 0) parts.push(`${hidden} processes do not show their network namespace`);
  const status = parts.length === 0 ? "done" : "partial";
  const durationMs = performance.now() - startedMs;
  const reading = { surface: "sockets", status, detail: parts.join("; "), facts: sockets.length, durationMs } as const;
  return { sockets, reading };
}

/** @returns the rows of all tables in a /proc/…/net, and the names of those that cannot be read */
export function readTables(directory: string): { rows: SocketRow[]; unread: string[] } {
  const unread: string[] = [];
  const read = (name: string): string => {
    try {
      return readFileSync(`${directory}/${name}`, "latin1");
    } catch (error) {
      if (!absentCodes.has(systemCode(error) ?? "")) unread.push(name);
      return "";
    }
  };
  const rows = internetTables.flatMap((name) => parseInternetTable(name, read(name)));
  return { rows: [...rows, ...parseUnixTable(read("unix"))], unread };
}

/** network_namespaces(7): one process of each is enough to read its tables. */
function listNamespaces(): { namespaces: Namespace[]; hidden: number } {
  const own = readProcLink("/proc/self/ns/net");
  const found = new Map<string | null, Namespace>([[own, { label: "", directory: "/proc/self/net" }]]);
  let hidden = 0;
  for (const pid of listPids()) {
    const link = readProcLink(`/proc/${pid}/ns/net`);
    if (link === null) hidden += pid === firstPid || hasEnded(pid) ? 0 : 1;
    else if (!found.has(link)) found.set(link, { label: link, directory: `/proc/${pid}/net` });
  }
  return { namespaces: [...found.values()], hidden };
}
