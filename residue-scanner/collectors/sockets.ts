import type { SocketFact, SurfaceReading } from "../core/fact.ts";
import { systemCode } from "../../foundation/errors.ts";
import {
  parseInternetTable,
  parseNetlinkTable,
  parsePacketTable,
  parseUnixTable,
  socketFacts,
  type SocketRow,
} from "../core/socket-table.ts";
import { isGone, listNetworkNamespaces, type NetworkNamespace, withinNetwork } from "./network-namespaces.ts";
import { type OpenFiles, readOpenFiles } from "./open-files.ts";
import { readQuickly } from "./quick-read.ts";
import { untabledRows } from "./sockets/untabled.ts";
import { diagnoseTcp } from "./sockets/tcp-diagnosis.ts";
import { unixOwners } from "./sockets/unix-owners.ts";

const tcpTables = ["tcp", "tcp6"];
const internetTables = ["udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6"];

/** The kernel lacks the protocol, or the process that showed the table has ended. */
const absentCodes = new Set(["ENOENT", "ESRCH", "EINVAL"]);

interface Tables {
  readonly rows: SocketRow[];
  /** Paths of tables that cannot be read. */
  readonly unread: string[];
}

/** Every socket of every network namespace that can be found, and who holds it. */
export function collectSockets(open: OpenFiles = readOpenFiles()): { sockets: SocketFact[]; reading: SurfaceReading } {
  const startedMs = performance.now();
  const { sockets: held, closed, holdersHidden } = open;
  const holders = new Map([...held].map(([inode, { pids }]) => [inode, pids]));
  const { others, hidden } = listNetworkNamespaces(open);
  const unread: string[] = [];
  const known = new Set<number>();
  const factsOf = (tables: Tables, namespace: string) => {
    unread.push(...tables.unread);
    for (const { inode } of tables.rows) known.add(inode);
    return socketFacts({ rows: tables.rows, holders, holdersHidden, namespace });
  };
  const sockets = [
    ...factsOf(readOwnTables("/proc/self/net"), ""),
    ...others.flatMap((namespace) => factsOf(readTablesOf(namespace), namespace.name)),
  ];
  sockets.push(...socketFacts({ rows: untabledRows(held, known), holders, holdersHidden, namespace: "" }));
  const parts: string[] = [];
  if (unread.length > 0) parts.push(`${unread.length} tables of sockets cannot be read, ${unread[0]} for one`);
  if (closed > 0) parts.push(`${closed} processes of other users do not show which sockets they hold`);
  if (hidden > 0) parts.push(`${hidden} processes do not show their network namespace`);
  const status = parts.length === 0 ? "done" : "partial";
  const durationMs = performance.now() - startedMs;
  const reading = { surface: "sockets", status, detail: parts.join("; "), facts: sockets.length, durationMs } as const;
  return { sockets, reading };
}

/** From within where that is permitted; where nobody lives there is no other way. */
function readTablesOf(namespace: NetworkNamespace): Tables {
  const { entrance, tables, name } = namespace;
  const within = withinNetwork(entrance, () => readOwnTables("/proc/thread-self/net"));
  if (within !== null) return within;
  if (tables !== null) return readTables(tables);
  return { rows: [], unread: isGone(namespace) ? [] : [name] };
}

function readOwnTables(directory: string): Tables {
  const tcp = diagnoseTcp();
  const { rows, unread } = readTables(directory, tcp === null ? undefined : internetTables);
  const owners = unixOwners();
  const owned = rows.map((row) => {
    const uid = row.protocol.startsWith("unix") ? owners.get(row.inode) : undefined;
    return uid === undefined ? row : { ...row, uid };
  });
  return { rows: [...(tcp ?? []), ...owned], unread };
}

/** @returns the rows of all tables in a /proc/…/net, and the paths of those that cannot be read */
export function readTables(directory: string, internet = [...tcpTables, ...internetTables]): Tables {
  const unread: string[] = [];
  const read = (name: string): string => {
    try {
      return readQuickly(`${directory}/${name}`);
    } catch (error) {
      if (!absentCodes.has(systemCode(error) ?? "")) unread.push(`${directory}/${name}`);
      return "";
    }
  };
  const rows = internet.flatMap((name) => parseInternetTable(name, read(name)));
  const local = [
    ...parseUnixTable(read("unix")),
    ...parseNetlinkTable(read("netlink")),
    ...parsePacketTable(read("packet")),
  ];
  return { rows: [...rows, ...local], unread };
}
