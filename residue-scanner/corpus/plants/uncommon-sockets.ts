import type { CorpusItem, CorpusSection } from "../item.ts";

/** A daemon that holds something of kernel.pl's. */
function held(options: { name: string; what: string; hold: string; text: string; surface?: string }): CorpusItem {
  const { name, what, hold, text, surface } = options;
  const own = { text: `$W/bin/${name}`, surface: "processes" };
  return {
    name,
    what,
    before: `tool ${name}`,
    act: `kernel_daemon ${name} hold ${hold}`,
    undo: ":",
    traces: surface === undefined ? [{ text }, own] : [{ text, surface }],
  };
}

/** Sockets of families that few use, and those that others than their makers hold. */
export const uncommonSocketPlants: CorpusSection = {
  surface: "sockets, further",
  items: [
    held({
      name: "z-seqpacket",
      what: "a listening abstract unix socket of sequenced packets",
      hold: "seqpacket $T-packets",
      text: "$T-packets",
      surface: "sockets",
    }),
    held({
      name: "z-udp6",
      what: "a UDP socket of version 6",
      hold: "udp6 ::1 $P",
      text: "udp6 [::1]:$P",
      surface: "sockets",
    }),
    held({
      name: "z-bound",
      what: "a TCP socket that has a port and does not listen",
      hold: "bound $A.33 4711",
      text: "$A.33:4711",
      surface: "sockets",
    }),
    held({ name: "z-alg", what: "a daemon with a socket of the kernel's crypto", hold: "alg", text: "(z-alg)" }),
    held({
      name: "z-member",
      what: "a UDP socket that joined a group of multicast",
      hold: "member 239.77.$B.1 4711",
      text: "239.77.$B.1:4711",
      surface: "sockets",
    }),
    {
      name: "z-reuse",
      what: "a listening TCP socket on the port of somebody's service, beside it",
      before: `tool z-reuse z-reused; kernel_daemon z-reused hold shared "$A.34" 4711`,
      act: `kernel_daemon z-reuse hold shared "$A.34" 4711`,
      undo: ":",
      traces: [{ text: "$A.34:4711", surface: "sockets" }],
    },
    {
      name: "z-handed",
      what: "a listening TCP socket that the job handed to somebody's service",
      before: `tool z-keeper; kernel_daemon z-keeper keeper "$D/keeper" 1`,
      act: `kernel hand "$D/keeper" 1 "$A.35" 4711`,
      undo: 'rm -f "$D/keeper"',
      traces: [{ text: "$A.35:4711", surface: "sockets" }],
    },
    {
      name: "z-in-flight",
      what: "a listening TCP socket that the job sent to somebody's service, which does not take it",
      before: `tool z-ignorer; kernel_daemon z-ignorer keeper "$D/ignorer" 0`,
      act: `kernel hand "$D/ignorer" 0 "$A.36" 4711`,
      undo: 'rm -f "$D/ignorer"',
      traces: [{ text: "$A.36:4711", surface: "sockets" }],
    },
    held({
      name: "z-locker",
      what: "a daemon that locks a file of somebody's",
      hold: "lock $D/locked",
      text: "$W/bin/z-locker",
    }),
  ].map((item) =>
    item.name === "z-locker"
      ? {
          ...item,
          before: `tool z-locker; : > "$D/locked"`,
          traces: [{ text: "$W/bin/z-locker", surface: "processes" }],
        }
      : item,
  ),
};
