import type { CorpusItem, CorpusSection } from "../item.ts";

/** An interface that the job makes. */
function made(options: { name: string; what: string; suffix: string; kind: string }): CorpusItem {
  const { name, what, suffix, kind } = options;
  return {
    name,
    what,
    needs: ["ip"],
    act: `ip link add "$T"${suffix} ${kind} || refuse "ip link"`,
    undo: `ip link del "$T"${suffix} 2>/dev/null || :`,
    traces: [{ text: `$T${suffix}`, surface: "network" }],
  };
}

/** A bridge of somebody else's, made before the baseline, that the job changes. */
function changed(options: { name: string; what: string; suffix: string; act: string; text: string }): CorpusItem {
  const { name, what, suffix, act, text } = options;
  return {
    name,
    what,
    needs: ["ip"],
    before: `ip link add "$T"${suffix} type bridge || refuse "ip link"`,
    act,
    undo: `ip link del "$T"${suffix} 2>/dev/null || :`,
    traces: [{ text, surface: "network" }],
  };
}

/** Interfaces, addresses, routes and rules, on interfaces of the corpus's own and for documentation's addresses. */
export const networkPlants: CorpusSection = {
  surface: "network",
  items: [
    made({ name: "bridge", what: "a bridge", suffix: "b", kind: "type bridge" }),
    made({ name: "veth", what: "a pair of virtual cables", suffix: "v", kind: 'type veth peer name "$T"w' }),
    made({ name: "ifb", what: "an intermediate functional block", suffix: "i", kind: "type ifb" }),
    {
      name: "tun",
      what: "a tunnel device",
      needs: ["ip"],
      act: String.raw`ip tuntap add dev "$T"t mode tun || refuse "ip tuntap"`,
      undo: String.raw`ip link del "$T"t 2>/dev/null || :`,
      traces: [{ text: "$Tt", surface: "network" }],
    },
    {
      name: "address",
      what: "an address of the loopback interface",
      needs: ["ip"],
      act: String.raw`ip address add "$A.77/32" dev lo || refuse "ip address"`,
      undo: String.raw`ip address del "$A.77/32" dev lo 2>/dev/null || :`,
      traces: [{ text: "$A.77", surface: "network" }],
    },
    {
      name: "route",
      what: "a route",
      needs: ["ip"],
      act: String.raw`ip route add blackhole "203.0.113.$B/32" || refuse "ip route"`,
      undo: String.raw`ip route del blackhole "203.0.113.$B/32" 2>/dev/null || :`,
      traces: [{ text: "203.0.113.$B", surface: "network" }],
    },
    {
      name: "rule",
      what: "a rule for routes",
      needs: ["ip"],
      act: String.raw`ip rule add from "203.0.113.$B" table 4711 || refuse "ip rule"`,
      undo: String.raw`ip rule del from "203.0.113.$B" table 4711 2>/dev/null || :`,
      traces: [{ text: "4711", surface: "network" }],
    },
    changed({
      name: "neighbour",
      what: "a neighbour's hardware address",
      suffix: "n",
      act: String.raw`ip neigh add "203.0.113.$B" lladdr 02:00:00:00:47:11 nud permanent dev "$T"n`,
      text: "02:00:00:00:47:11",
    }),
    changed({
      name: "queue-discipline",
      what: "a queueing discipline of an interface",
      suffix: "q",
      act: String.raw`command -v tc >/dev/null || refuse "no tc"; tc qdisc add dev "$T"q root handle 4711: pfifo limit 17 || refuse "tc qdisc"`,
      text: "$Tq",
    }),
    changed({
      name: "interface-size",
      what: "the packet size of an interface",
      suffix: "m",
      act: String.raw`ip link set dev "$T"m mtu 1234`,
      text: "$Tm",
    }),
    {
      name: "network-namespace",
      what: "a network namespace with a name",
      needs: ["ip"],
      before: "folder /run/netns",
      act: String.raw`ip netns add "$T" || refuse "ip netns"`,
      undo: "unname $T",
      traces: [{ text: "/run/netns/$T" }, { text: "/var/run/netns/$T" }],
    },
  ],
};
