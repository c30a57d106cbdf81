import { describe, expect, it } from "vitest";

import { collectSockets } from "./collectors/sockets.ts";
import { withinNetwork } from "./collectors/network-namespaces.ts";
import { leftoverDaemon } from "./testing/leftover-daemon.ts";
import { makeNftTable } from "./testing/nft-table.ts";
import { canRun, foundAfter, isRoot, run, undo, undoNamesOfNamespaces, withLibc } from "./testing/planted.ts";

/** A network namespace that ends with the test, so that nothing that is planted is ever in force. */
function namespaceOfTest(): string {
  undoNamesOfNamespaces();
  const name = `left-${process.pid}-${Math.random().toString(36).slice(2)}`;
  undo("ip", "netns", "delete", name);
  run("ip", "netns", "add", name);
  return name;
}

describe.skipIf(!isRoot || !canRun("ip") || !canRun("tc"))(
  "left behind in whatever network namespace (needs root, ip and tc)",
  () => {
    const plants: readonly [what: string, commands: readonly string[], location: RegExp][] = [
      [
        "a rule that leads to a table of routes",
        ["ip rule add from 10.77.0.0/16 table 77"],
        /^rule \d+ of ipv4 in net/,
      ],
      [
        "a route of such a table",
        ["ip route add blackhole 198.51.100.0/24 table 77"],
        /^198\.51\.100\.0\/24 in table 77 in net/,
      ],
      ["a queueing discipline", ["tc qdisc add dev lo root pfifo limit 7"], /^queueing of lo in net/],
      ["an interface", ["ip link add left type veth peer name right"], /^(?:left|right) in net/],
      ["an IPsec policy", ["ip xfrm policy add src 10.0.0.0/8 dst 192.168.0.0/16 dir out"], /^policy \d+ in net/],
    ];
    it.each(plants)("%s is found", async (what, commands, location) => {
      const name = namespaceOfTest();
      const found = await foundAfter(() => {
        for (const command of commands) run("ip", "netns", "exec", name, ...command.split(" "));
        return location;
      }, ["network"]);
      expect(found.map(({ change }) => change)).toEqual(
        what === "an interface" ? ["appeared", "appeared"] : ["appeared"],
      );
    });

    it("a table of nftables is found", async () => {
      const name = namespaceOfTest();
      const found = await foundAfter(() => {
        withinNetwork(`/run/netns/${name}`, () => makeNftTable("left"));
        return /^nft table inet left in net:/;
      }, ["firewall"]);
      expect(found.map(({ surface, change }) => [surface, change])).toEqual([["firewall", "appeared"]]);
    });

    it.skipIf(!canRun("iptables-legacy"))("rules of the older iptables are found (needs iptables-legacy)", async () => {
      const name = namespaceOfTest();
      const within = (words: string) => run("ip", "netns", "exec", name, ...words.split(" "));
      for (const chain of ["other", "late"]) within(`iptables-legacy -N ${chain}`);
      within("iptables-legacy -A other -d 192.0.2.7 -j late");
      // Those that were there before move further down in the table, and stay what they are.
      const found = await foundAfter(() => {
        within("iptables-legacy -N left");
        within("iptables-legacy -A INPUT -s 192.0.2.0/24 -i lo -p tcp -j left");
        within("iptables-legacy -P FORWARD DROP");
        within("ip6tables-legacy -t nat -A POSTROUTING -o lo -j MASQUERADE");
        return /^ip6?tables /;
      }, ["firewall"]);
      const told = found.map(({ change, location }) => `${change} ${location.replace(/ in net:.*$/, "")}`).sort();
      expect(told).toEqual([
        "appeared ip6tables nat",
        "appeared ip6tables nat: INPUT: policy ACCEPT",
        "appeared ip6tables nat: OUTPUT: policy ACCEPT",
        "appeared ip6tables nat: POSTROUTING: out lo MASQUERADE",
        "appeared ip6tables nat: POSTROUTING: policy ACCEPT",
        "appeared ip6tables nat: PREROUTING: policy ACCEPT",
        "appeared iptables filter: FORWARD: policy DROP",
        "appeared iptables filter: INPUT: from 192.0.2.0 in lo protocol 6 to left",
        "appeared iptables filter: left: RETURN",
        "appeared iptables filter: left: a chain of its own",
        "vanished iptables filter: FORWARD: policy ACCEPT",
      ]);
    });

    it("a socket that listens is found", async (context) => {
      const name = namespaceOfTest();
      const script = `${withLibc}
        const descriptor = require("node:fs").openSync("/run/netns/${name}", "r");
        if (libc.func("int setns(int descriptor, int kind)")(descriptor, 0) !== 0) process.exit(1);
        const socket = libc.func("int socket(int family, int type, int protocol)")(2, 1, 0);
        if (libc.func("int listen(int socket, int backlog)")(socket, 1) === 0) ready(); else process.exit(1);`;
      const pid = await leftoverDaemon(script);
      const found = collectSockets().sockets.filter(({ owners }) => owners?.includes(pid));
      if (found.length === 0) context.skip("this kernel lets nobody in");
      expect(found.map(({ key }) => key)).toContainEqual(
        expect.stringMatching(/^net:\[\d+\] tcp 0\.0\.0\.0:\d+ listening$/),
      );
    });
  },
);

describe.skipIf(process.platform !== "linux")("sockets of other families are found:", () => {
  const open = (family: number, type: number, protocol: number) =>
    `${withLibc}if (libc.func("int socket(int family, int type, int protocol)")(${family}, ${type}, ${protocol}) >= 0) ready(); else process.exit(1);`;
  const heldBy = (pid: number) => collectSockets().sockets.filter(({ owners }) => owners?.includes(pid));

  it("netlink, which has a table of its own once it has a port", async () => {
    const pid = await leftoverDaemon(open(16, 3, 0));
    expect(heldBy(pid).map(({ protocol }) => protocol)).toContain("netlink");
  });

  it("packet", async (context) => {
    if (!isRoot) context.skip("needs root");
    const pid = await leftoverDaemon(open(17, 3, 0x0300));
    const found = heldBy(pid).filter(({ protocol }) => protocol === "packet");
    expect(found.map(({ local, state }) => [local, state])).toEqual([
      ["raw protocol 0x0003 on every interface", "open"],
    ]);
  });

  it("one that no table has, by what the kernel calls it", async (context) => {
    // AF_VSOCK has no table at all.
    const pid = await leftoverDaemon(open(40, 1, 0)).catch(() => null);
    if (pid === null) context.skip("this kernel has no vsock");
    const found = heldBy(pid ?? 0).filter(({ protocol }) => protocol === "vsock");
    expect(found).toMatchObject([{ local: "", state: "open" }]);
    expect(found[0]?.key).toMatch(/^vsock \(unnamed\) open #\d+$/);
  });

  it("TCP that is bound and does not listen", async (context) => {
    const pid = await leftoverDaemon(`${withLibc}
      const socket = libc.func("int socket(int family, int type, int protocol)")(2, 1, 0);
      const address = Buffer.from([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
      if (libc.func("int bind(int socket, const uint8_t *address, int bytes)")(socket, address, 16) === 0) ready(); else process.exit(1);`);
    const found = heldBy(pid).filter(({ protocol }) => protocol === "tcp");
    expect(found).toHaveLength(1);
    if (found[0]?.state === "open") context.skip("this kernel lists no such sockets: it is told without its address");
    expect(found[0]?.key).toMatch(/^tcp 127\.0\.0\.1:\d+ bound$/);
  });
});
