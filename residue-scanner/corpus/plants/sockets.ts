import type { CorpusItem, CorpusSection } from "../item.ts";

/** A daemon that holds something; found is what it holds, not the daemon. */
function held(options: {
  name: string;
  what: string;
  hold: string;
  text: string;
  undo?: string;
  surface?: string;
}): CorpusItem {
  const { name, what, hold, text, undo = ":", surface = "sockets" } = options;
  return {
    name,
    what,
    before: `tool ${name}`,
    act: `daemon ${name} hold ${hold}`,
    undo,
    traces: [{ text, ...(surface !== "" && { surface }) }],
  };
}

/** What has no name of its own may be told with the daemon: the one ends with the other. */
function nameless(options: { name: string; what: string; hold: string; text: string; undo?: string }): CorpusItem {
  const item = held({ ...options, surface: "" });
  return { ...item, traces: [...item.traces, { text: `$W/bin/${item.name}`, surface: "processes" }] };
}

/** Sockets in which somebody still listens, and files that exist only as long as they are open. */
export const socketPlants: CorpusSection = {
  surface: "sockets and open files",
  items: [
    held({ name: "s-tcp", what: "a listening TCP socket", hold: "tcp $A.1 4711", text: "$A.1:4711" }),
    held({ name: "s-tcp6", what: "a listening TCP socket of version 6", hold: "tcp6 ::1 $P", text: "[::1]:$P" }),
    held({ name: "s-udp", what: "a UDP socket", hold: "udp $A.2 4711", text: "$A.2:4711" }),
    held({
      name: "s-unix",
      what: "a listening unix socket",
      hold: "unix $D/unix.sock",
      text: "$D/unix.sock",
      undo: 'rm -f "$D/unix.sock"',
    }),
    held({
      name: "s-datagram",
      what: "a unix datagram socket",
      hold: "datagram $D/dgram.sock",
      text: "$D/dgram.sock",
      undo: 'rm -f "$D/dgram.sock"',
      surface: "",
    }),
    held({ name: "s-abstract", what: "an abstract unix socket", hold: "abstract $T-abstract", text: "$T-abstract" }),
    held({ name: "s-raw", what: "a raw socket", hold: "raw", text: "(s-raw)" }),
    nameless({ name: "s-packet", what: "a daemon with a packet socket", hold: "packet", text: "(s-packet)" }),
    nameless({
      name: "s-vsock",
      what: "a daemon that listens to other machines of this computer (vsock)",
      hold: "vsock $P",
      text: "(s-vsock)",
    }),
    nameless({ name: "s-netlink", what: "a daemon with a netlink socket", hold: "netlink", text: "(s-netlink)" }),
    {
      ...nameless({
        name: "s-connection",
        what: "a connection to a service of somebody else's",
        hold: "connection $A.3 4711",
        text: "$A.3:4711",
      }),
      before: "tool s-connection s-server; daemon s-server hold tcp $A.3 4711",
    },
    {
      name: "s-in-namespace",
      what: "a listening TCP socket in another network namespace",
      needs: ["unshare", "ip"],
      before: "tool s-in-namespace",
      act: String.raw`unshare --net sh -ec 'ip link set lo up; exec "$W/bin/s-in-namespace" "$W/helper.pl" hold tcp "$1" 4711' sh "$A.4"`,
      undo: ":",
      traces: [{ text: "$A.4:4711" }],
    },
    nameless({
      name: "o-deleted",
      what: "a daemon that keeps a deleted file open",
      hold: "deleted $D/deleted",
      text: "$D/deleted",
      undo: 'rm -f "$D/deleted"',
    }),
    nameless({
      name: "o-memfd",
      what: "a daemon that keeps a file in memory without a name",
      hold: "memfd $T-held",
      text: "memfd:$T-held",
    }),
  ],
};
