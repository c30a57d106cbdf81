import type { CorpusItem } from "../item.ts";
import type { Pair } from "../pairs.ts";

/** A service that does, with all rights, whatever it is told by datagram. */
const helperDaemon = String.raw`
py_away @X-helper-$H "
import socket, subprocess
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('$D/ask'); ready()
while True: subprocess.run(['sh', '-c', s.recv(4096).decode()])
"`;
const ask = String.raw`
asked() { py "
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(sys.argv[2].encode(), '$D/ask')
" "$1"; }
`;

function helperAsked(options: {
  name: string;
  what: string;
  before?: string;
  command: string;
  wait: string;
  undo: string;
  traces: CorpusItem["traces"];
}): Pair {
  const { name, what, before = "", command, wait, undo, traces } = options;
  return {
    name: `helper-${name}`,
    what: `${what}, through a helper asked by datagram`,
    before: `${before}\nH=${name}\n${helperDaemon}`,
    act: `${ask}asked "${command}"\nuntil_true '${wait}'`,
    undo: `end_of @X-helper-${name}; ${undo}`,
    traces,
  };
}

/** What a service does that carries out whatever it is asked for. */
export const helperPairs: readonly Pair[] = [
  helperAsked({
    name: "address",
    what: "an address",
    command: "ip addr add $A.@7/32 dev lo",
    wait: "ip addr show dev lo | grep -q -F $A.@7/",
    undo: "ip addr del $A.@7/32 dev lo 2>/dev/null || :",
    traces: [{ text: "$A.@7" }],
  }),
  helperAsked({
    name: "mount",
    what: "a mount",
    before: 'mkdir "$D/m"',
    command: "mount -t tmpfs -o size=1m @X $D/m",
    wait: 'mountpoint -q "$D/m"',
    undo: '! mountpoint -q "$D/m" || umount "$D/m"',
    traces: [{ text: "$D/m" }],
  }),
  helperAsked({
    name: "process",
    what: "a process",
    before: "tool @V-hp",
    command: "setsid -f $W/bin/@V-hp -e 'sleep 3600 while 1'",
    wait: "pid_of @V-hp",
    undo: ":",
    traces: [{ text: "@V-hp" }],
  }),
  helperAsked({
    name: "permissions",
    what: "a mode of an old file",
    before: 'echo x > "$D/old"; chmod 600 "$D/old"',
    command: "chmod 666 $D/old",
    wait: '[ "$(stat -c %a "$D/old")" = 666 ]',
    undo: ":",
    traces: [{ text: "$D/old" }],
  }),
];
