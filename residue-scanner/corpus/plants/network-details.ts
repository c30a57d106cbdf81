import type { CorpusItem, CorpusSection } from "../item.ts";

interface Detail {
  readonly name: string;
  readonly what: string;
  /** Of the interface, behind T: names have room for 15 characters. */
  readonly suffix: string;
  readonly act: string;
  readonly text?: string;
  readonly kind?: string;
  readonly change?: "changed" | "vanished" | "appeared";
  /** Said after the interface was made, and what is named so is removed with it: `zgb`. */
  readonly more?: string;
}

/** A bridge of somebody else's (or another interface), made before the baseline, of which the job changes something. */
function ofLink({
  name,
  what,
  suffix,
  act,
  text = `$T${suffix}`,
  kind = "type bridge",
  change,
  more = "",
}: Detail): CorpusItem {
  return {
    name,
    what,
    needs: ["ip"],
    before: `ip link add "$T"${suffix} ${kind} || refuse "ip link"${more}`,
    act,
    undo: `for link in "$T"${suffix} "$T"${suffix}b; do ip link del "$link" 2>/dev/null || :; done`,
    traces: [{ text, ...(change !== undefined && { change }) }],
  };
}

/** What the job adds to the network beside interfaces, and takes away with one command. */
function added(options: { name: string; what: string; add: string; remove: string; text: string }): CorpusItem {
  const { name, what, add, remove, text } = options;
  return {
    ...{ name, what, needs: ["ip"] },
    act: `${add} || refuse "${name}"`,
    undo: `${remove} 2>/dev/null || :`,
    traces: [{ text, surface: "network" }],
  };
}

const veth = (suffix: string) => `type veth peer name "$T"${suffix}w`;

/** The network's smaller parts. */
export const networkDetailPlants: CorpusSection = {
  surface: "network, further",
  items: [
    ofLink({
      name: "z-altname",
      what: "another name of an interface",
      ...{ suffix: "za", act: 'ip link property add dev "$T"za altname "$T-another-name"', text: "$T-another-name" },
    }),
    ofLink({
      name: "z-alias",
      what: "a description of an interface",
      ...{ suffix: "zb", act: 'ip link set dev "$T"zb alias "$T described"', change: "changed" },
    }),
    ofLink({
      name: "z-up",
      what: "an interface set up",
      ...{ suffix: "zc", act: 'ip link set dev "$T"zc up', change: "changed" },
    }),
    ofLink({
      name: "z-promiscuous",
      what: "an interface that takes all packets",
      ...{ suffix: "zd", act: 'ip link set dev "$T"zd promisc on', change: "changed" },
    }),
    ofLink({
      name: "z-bridge-age",
      what: "how long a bridge remembers",
      ...{ suffix: "ze", act: 'ip link set dev "$T"ze type bridge ageing_time 1234', change: "changed" },
    }),
    ofLink({
      name: "z-segments",
      what: "the greatest segment that an interface takes",
      ...{ suffix: "zf", act: 'ip link set dev "$T"zf gso_max_size 4711', change: "changed" },
    }),
    ofLink({
      name: "z-port",
      what: "somebody's interface put into somebody's bridge",
      ...{ suffix: "zg", kind: veth("zg"), change: "changed" },
      act: 'ip link set dev "$T"zg master "$T"zgb',
      more: '; ip link add "$T"zgb type bridge',
    }),
    ofLink({
      name: "z-receive",
      what: "which processors take an interface's packets",
      ...{ suffix: "zh", kind: veth("zh"), change: "changed" },
      act: 'echo 1 > "/sys/class/net/$T"zh/queues/rx-0/rps_cpus',
    }),
    ofLink({
      name: "z-flush",
      what: "how long an interface gathers packets",
      ...{ suffix: "zi", kind: veth("zi"), change: "changed" },
      act: 'echo 4711 > "/sys/class/net/$T"zi/gro_flush_timeout',
    }),
    ofLink({
      name: "z-feature",
      what: "a feature of an interface, by ioctl (gathering packets, which a virtual cable does not by itself)",
      ...{ suffix: "zj", kind: veth("zj"), change: "changed" },
      act: 'kernel gro "$T"zj 1',
    }),
    ofLink({
      name: "z-size-ioctl",
      what: "the packet size of an interface, by ioctl",
      ...{ suffix: "zk", act: 'kernel mtu "$T"zk 1333', change: "changed" },
    }),
    ofLink({
      name: "z-link-setting",
      what: "a setting of an interface's protocol",
      ...{ suffix: "zl", act: 'echo 1 > "/proc/sys/net/ipv4/conf/$T"zl/proxy_arp', change: "changed" },
    }),
    ofLink({
      name: "z-multicast",
      what: "a multicast address of an interface",
      ...{ suffix: "zm", act: 'ip maddr add 33:33:00:47:11:77 dev "$T"zm', text: "33:33:00:47:11:77" },
    }),
    ofLink({
      name: "z-neighbour6",
      what: "a neighbour's hardware address, of version 6",
      suffix: "zn",
      act: 'ip -6 neigh add fe80::4711 lladdr 02:00:00:00:47:66 nud permanent dev "$T"zn',
      text: "02:00:00:00:47:66",
    }),
    ofLink({
      name: "z-proxy",
      what: "an address for which an interface answers",
      ...{ suffix: "zo", act: 'ip neigh add proxy "203.0.113.$B" dev "$T"zo', text: "203.0.113.$B on $Tzo" },
    }),
    ofLink({
      name: "z-macvlan",
      what: "an interface upon somebody's interface",
      ...{ suffix: "zp", act: 'ip link add "$T"zpm link "$T"zp type macvlan', text: "$Tzpm", change: "appeared" },
    }),
    ofLink({
      name: "z-gone-link",
      what: "somebody's interface removed",
      ...{ suffix: "zq", act: 'ip link del "$T"zq', change: "vanished" },
    }),
    {
      ...ofLink({
        name: "z-class",
        what: "a class of a queueing discipline",
        ...{ suffix: "zr", act: 'tc class add dev "$T"zr parent 1: classid 1:77 htb rate 1mbit', text: "1:77" },
      }),
      before: `command -v tc >/dev/null || refuse "no tc"; ip link add "$T"zr type bridge && tc qdisc add dev "$T"zr root handle 1: htb || refuse "tc qdisc"`,
      traces: [{ text: "1:77 of $Tzr" }, { text: "$Tzr", surface: "network", change: "changed" }],
    },
    {
      ...ofLink({
        name: "z-filter",
        what: "a filter of packets (tc)",
        suffix: "zs",
        act: 'tc filter add dev "$T"zs parent 1: prio 4711 protocol ip u32 match u32 0 0 classid 1:1 || refuse "no filters"',
        text: "4711",
      }),
      before: `command -v tc >/dev/null || refuse "no tc"; ip link add "$T"zs type bridge && tc qdisc add dev "$T"zs root handle 1: htb || refuse "tc qdisc"`,
      traces: [{ text: "of $Tzs", surface: "network" }],
    },
    {
      ...ofLink({
        name: "z-ingress",
        what: "a place for filters of what comes in",
        suffix: "zt",
        act: 'tc qdisc add dev "$T"zt clsact || refuse "no clsact"',
      }),
      needs: ["tc"],
    },
    {
      ...ofLink({
        name: "z-vxlan",
        what: "a tunnel of VXLAN",
        suffix: "zx",
        act: 'ip link add "$T"zx type vxlan id 4711 dstport 4789 local 127.0.0.1 || refuse "no vxlan"',
      }),
      before: ":",
    },
    {
      ...ofLink({
        name: "z-forward",
        what: "an address that a VXLAN knows",
        ...{
          suffix: "zy",
          act: 'bridge fdb add 02:00:00:00:47:99 dev "$T"zy dst 127.0.0.9',
          text: "02:00:00:00:47:99",
        },
        kind: "type vxlan id 4712 dstport 4790 local 127.0.0.1",
      }),
      needs: ["ip", "bridge"],
    },
    added({
      name: "z-nexthop",
      what: "a next hop for routes",
      ...{ add: "ip nexthop add id $K3 blackhole", remove: "ip nexthop del id $K3", text: "$K3" },
    }),
    added({
      name: "z-label",
      what: "a label of addresses",
      add: "ip addrlabel add prefix fd00:$B::/64 label 4711",
      remove: "ip addrlabel del prefix fd00:$B::/64 label 4711",
      text: "fd00:$B::/64",
    }),
    added({
      name: "z-multipath",
      what: "an address for multipath TCP",
      add: 'ip mptcp endpoint add "$A.37" id 77',
      remove: "ip mptcp endpoint delete id 77",
      text: "$A.37",
    }),
    added({
      name: "z-unreachable",
      what: "a route that forbids",
      add: 'ip route add prohibit "198.51.100.$B"',
      remove: 'ip route del prohibit "198.51.100.$B"',
      text: "198.51.100.$B",
    }),
    added({
      name: "z-local",
      what: "a network that is taken for this host",
      add: 'ip route add local "198.18.$B.0/24" dev lo',
      remove: 'ip route del local "198.18.$B.0/24" dev lo',
      text: "198.18.$B.0/24",
    }),
    added({
      name: "z-route6",
      what: "a route of version 6",
      add: "ip -6 route add blackhole 2001:db8:$B::/64",
      remove: "ip -6 route del blackhole 2001:db8:$B::/64",
      text: "2001:db8:$B::/64",
    }),
    added({
      name: "z-rule6",
      what: "a rule for routes of version 6",
      add: "ip -6 rule add from 2001:db8:$B::1 table 4712",
      remove: "ip -6 rule del from 2001:db8:$B::1 table 4712",
      text: "2001:db8:$B::1",
    }),
    added({
      name: "z-address-ioctl",
      what: "an address of the loopback interface, by ioctl",
      add: 'kernel add-address "lo:$T" "$A.78"',
      remove: 'ip address del "$A.78/8" dev lo',
      text: "$A.78",
    }),
    added({
      name: "z-policy",
      what: "a policy of IPsec",
      add: 'ip xfrm policy add src "$A.1" dst "$A.2" dir out priority 47117',
      remove: 'ip xfrm policy del src "$A.1" dst "$A.2" dir out',
      text: "47117",
    }),
    {
      name: "z-route-changed",
      what: "a setting of somebody's route",
      needs: ["ip"],
      before: 'ip link add "$T"zu type bridge && ip link set "$T"zu up && ip route add "198.51.100.$C" dev "$T"zu',
      act: 'ip route change "198.51.100.$C" dev "$T"zu mtu 1111',
      undo: 'ip link del "$T"zu 2>/dev/null || :',
      traces: [{ text: "198.51.100.$C", surface: "network" }],
    },
    {
      name: "z-nft",
      what: "a table of nftables, made without nft",
      act: "kernel nft add $T-table",
      undo: "kernel nft delete $T-table >/dev/null || :",
      traces: [{ text: "$T-table" }],
    },
  ],
};
