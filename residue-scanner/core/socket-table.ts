import type { SocketFact } from "./fact.ts";

/** One row of a table in /proc/net, before it is known who holds it. */
export type SocketRow = Omit<SocketFact, "key" | "inodes" | "owners" | "makerCgroups"> & {
  readonly inode: number;
  readonly makerCgroup?: number;
};

/** include/net/tcp_states.h */
const tcpStates: Readonly<Record<string, string>> = {
  "01": "connected",
  "02": "syn-sent",
  "03": "syn-received",
  "04": "fin-wait-1",
  "05": "fin-wait-2",
  "06": "time-wait",
  "07": "closed",
  "08": "close-wait",
  "09": "last-ack",
  "0A": "listening",
  "0B": "closing",
  "0C": "syn-received",
};

export function tcpState(number: number): string {
  const digits = number.toString(16).toUpperCase().padStart(2, "0");
  return tcpStates[digits] ?? `state-${digits}`;
}

/** proc_net_tcp(5); udp, raw and their IPv6 kin have the same columns. */
export function parseInternetTable(protocol: string, table: string): SocketRow[] {
  return rows(table).map((line) => {
    const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
    const peer = showEndpoint(remote ?? "");
    const isStream = protocol.startsWith("tcp");
    const bound = peer === null ? "bound" : "connected";
    return {
      protocol,
      local: showEndpoint(local ?? "") ?? "*:0",
      remote: peer,
      state: isStream ? (tcpStates[state ?? ""] ?? `state-${state}`) : bound,
      uid: Number(uid),
      inode: Number(inode),
    };
  });
}

/** proc_net_unix(5). A path may hold spaces; an abstract name is shown with @, as the table does. */
export function parseUnixTable(table: string): SocketRow[] {
  return rows(table).map((line) => {
    const match = /^\S+: \S+ \S+ (\S+) (\S+) (\S+)\s+(\d+)(?: (.*))?$/.exec(line);
    const [, flags = "0", type = "", state = "", inode = "0", path = ""] = match ?? [];
    const accepts = (Number.parseInt(flags, 16) & 0x10000) !== 0;
    const connected = state === "03" ? "connected" : "bound";
    return {
      protocol: type === "0002" ? "unix-dgram" : type === "0005" ? "unix-seqpacket" : "unix",
      local: path,
      remote: null,
      state: accepts ? "listening" : connected,
      uid: null,
      inode: Number(inode),
    };
  });
}

/** linux/netlink.h, by number. */
const netlinkProtocols = (
  "route unused usersock firewall inet_diag nflog xfrm selinux iscsi audit fib_lookup connector netfilter ip6_fw " +
  "dnrtmsg kobject_uevent generic dm scsitransport ecryptfs rdma crypto smc"
).split(" ");

/** netlink(7): number 0 is the kernel's own end, of which each namespace has one for each protocol. */
export function parseNetlinkTable(table: string): SocketRow[] {
  return rows(table).flatMap((line) => {
    const [, protocol = "", port = "", groups = "", , , , , , inode = ""] = line.trim().split(/\s+/);
    if (port === "0") return [];
    const joined = /^0+$/.test(groups) ? "" : `, groups ${groups}`;
    const local = `${netlinkProtocols[Number(protocol)] ?? protocol} port ${port}${joined}`;
    return [{ protocol: "netlink", local, remote: null, state: "open", uid: null, inode: Number(inode) }];
  });
}

/** packet(7): what reads all that comes to an interface. */
export function parsePacketTable(table: string): SocketRow[] {
  return rows(table).map((line) => {
    const [, , type = "", protocol = "", device = "", , , uid = "", inode = ""] = line.trim().split(/\s+/);
    const what = `${type === "3" ? "raw" : "cooked"} protocol 0x${protocol}`;
    const local = `${what} ${device === "0" ? "on every interface" : `on interface ${device}`}`;
    return { protocol: "packet", local, remote: null, state: "open", uid: Number(uid), inode: Number(inode) };
  });
}

/**
 * Joins rows to facts. A socket that waits for peers is named by its address, so that a reader recognises it; others
 * need their inode number to be told apart.
 */
export function socketFacts(options: {
  readonly rows: readonly SocketRow[];
  /** Inode → pids; null where this user may not see who holds what. */
  readonly holders: ReadonlyMap<number, readonly number[]>;
  /** Whether a socket without a known holder may have a hidden one. */
  readonly holdersHidden: boolean;
  /** Goes before the address in another network namespace; empty in the scanner's own. */
  readonly namespace: string;
}): SocketFact[] {
  const facts = new Map<string, SocketFact>();
  for (const { inode, makerCgroup, ...row } of options.rows) {
    const key = keyOf(row, inode, options.namespace);
    const found = options.holders.get(inode);
    const owners = found ?? (options.holdersHidden && inode !== 0 ? null : []);
    const earlier = facts.get(key);
    const makers = new Set([...(earlier?.makerCgroups ?? []), ...(makerCgroup === undefined ? [] : [makerCgroup])]);
    facts.set(key, {
      ...row,
      ...(makers.size > 0 && { makerCgroups: [...makers] }),
      key,
      inodes: [...(earlier?.inodes ?? []), ...(inode === 0 ? [] : [inode])].sort((one, other) => one - other),
      owners: earlier === undefined ? owners : joinOwners(earlier.owners, owners),
    });
  }
  return [...facts.values()];
}

function keyOf(row: Omit<SocketRow, "inode" | "makerCgroup">, inode: number, namespace: string): string {
  const place = namespace === "" ? "" : `${namespace} `;
  const to = row.remote === null ? "" : ` to ${row.remote}`;
  const name = `${place}${row.protocol} ${row.local === "" ? "(unnamed)" : row.local}${to} ${row.state}`;
  const waits = row.state === "listening" || (row.state === "bound" && row.local !== "");
  return waits || inode === 0 || row.remote !== null ? name : `${name} #${inode}`;
}

function joinOwners(one: readonly number[] | null, other: readonly number[] | null): readonly number[] | null {
  if (one === null || other === null) return null;
  return [...new Set([...one, ...other])].sort((first, second) => first - second);
}

function rows(table: string): string[] {
  return table.split("\n").slice(1).filter(Boolean);
}

/** `0100007F:1F90` → `127.0.0.1:8080`; null for no address and no port, which is what an unconnected peer has. */
function showEndpoint(text: string): string | null {
  const [address = "", port = "0"] = text.split(":");
  return endpointOf(bytesOfWords(address), Number.parseInt(port, 16));
}

/**
 * @param bytes 4 or 16 of them
 * @returns null for no address and no port, which is what an unconnected peer has
 */
export function endpointOf(bytes: readonly number[], port: number): string | null {
  if (port === 0 && bytes.every((byte) => byte === 0)) return null;
  return bytes.length > 4 ? `[${showIpv6(bytes)}]:${port}` : `${bytes.join(".")}:${port}`;
}

/** Words in the machine's byte order; every platform this runs on is little-endian. */
function bytesOfWords(text: string): number[] {
  const words = text.match(/.{8}/g) ?? [];
  return words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)));
}

/** @param bytes 16 of them */
export function showIpv6(bytes: readonly number[]): string {
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff) {
    return `::ffff:${bytes.slice(12).join(".")}`;
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
}
