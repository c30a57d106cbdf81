import { describe, expect, it } from "vitest";

import {
  parseInternetTable,
  parseNetlinkTable,
  parsePacketTable,
  parseUnixTable,
  socketFacts,
} from "./socket-table.ts";

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 06 00000000:00000000 03:00000176 00000000     0        0 0 3 0
`;
const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0
`;
const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 21 @abstract name
0000000000000000: 00000002 00000000 00010000 0001 01 22 /run/a b.sock
0000000000000000: 00000003 00000000 00000000 0001 03 23
0000000000000000: 00000002 00000000 00000000 0002 01 24 /run/datagrams
`;

describe("the socket tables of /proc/net", () => {
  it("give tcp sockets with address, state, owner and inode", () => {
    expect(parseInternetTable("tcp", tcp)).toEqual([
      { protocol: "tcp", local: "127.0.0.1:8080", remote: null, state: "listening", uid: 1000, inode: 4711 },
      { protocol: "tcp", local: "127.0.0.1:8080", remote: "127.0.0.1:50000", state: "time-wait", uid: 0, inode: 0 },
    ]);
  });

  it("give IPv6 addresses as people write them", () => {
    expect(parseInternetTable("tcp6", tcp6).map(({ local }) => local)).toEqual(["[::1]:80", "[::ffff:127.0.0.1]:81"]);
  });

  it("tell a bound datagram socket from a connected one", () => {
    const row = "0: 0100007F:0035 00000000:0000 07 0:0 00:0 0 0 0 9 2 0 0";
    const peer = "0: 0100007F:0035 0100007F:0036 01 0:0 00:0 0 0 0 9 2 0 0";
    expect(parseInternetTable("udp", `head\n${row}\n${peer}\n`).map(({ state }) => state)).toEqual([
      "bound",
      "connected",
    ]);
  });

  it("give unix sockets, abstract and unnamed ones and names with blanks too", () => {
    expect(parseUnixTable(unix).map(({ protocol, local, state, inode }) => [protocol, local, state, inode])).toEqual([
      ["unix", "@abstract name", "listening", 21],
      ["unix", "/run/a b.sock", "listening", 22],
      ["unix", "", "connected", 23],
      ["unix-dgram", "/run/datagrams", "bound", 24],
    ]);
  });
});

describe("a socket fact", () => {
  const facts = (holdersHidden: boolean) =>
    socketFacts({
      rows: [...parseInternetTable("tcp", tcp), ...parseUnixTable(unix)],
      holders: new Map([[4711, [7, 9]]]),
      holdersHidden,
      namespace: "",
    });

  it("is named by its address when it waits for peers, and by its inode when nothing else tells it apart", () => {
    expect(facts(false).map(({ key }) => key)).toEqual([
      "tcp 127.0.0.1:8080 listening",
      "tcp 127.0.0.1:8080 to 127.0.0.1:50000 time-wait",
      "unix @abstract name listening",
      "unix /run/a b.sock listening",
      "unix (unnamed) connected #23",
      "unix-dgram /run/datagrams bound",
    ]);
  });

  it("says who holds it, nobody, or that this cannot be seen", () => {
    expect(facts(false).map(({ owners }) => owners)).toEqual([[7, 9], [], [], [], [], []]);
    expect(facts(true).map(({ owners }) => owners)).toEqual([[7, 9], [], null, null, null, null]);
  });
});

describe("tables of the kernel's own families", () => {
  it("name netlink sockets by their ports, without the kernel's own ends", () => {
    const table = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
000000003d028c35 0   0          00000000 0        0        0     2        0        4
000000003d028c36 0   4242       00000011 0        0        0     2        0        77
000000003d028c37 31  4242       00000000 0        0        0     2        0        78
`;
    expect(parseNetlinkTable(table).map(({ local, inode }) => [local, inode])).toEqual([
      ["route port 4242, groups 00000011", 77],
      ["31 port 4242", 78],
    ]);
  });

  it("name packet sockets by what they read", () => {
    const table = `sk               RefCnt Type Proto  Iface R Rmem   User   Inode
0000000000000000 3      3    0003   2     1 0      1000   99
0000000000000000 3      2    0800   0     1 0      0      98
`;
    expect(parsePacketTable(table).map(({ local, uid, inode }) => [local, uid, inode])).toEqual([
      ["raw protocol 0x0003 on interface 2", 1000, 99],
      ["cooked protocol 0x0800 on every interface", 0, 98],
    ]);
  });
});
