import type { Pair } from "../pairs.ts";

/** Makes (2) or removes (3) a set of nfnetlink's subsystem 6, as ipset(8) does. */
const ipset = String.raw`
import socket, struct, sys
def a(t, d): return struct.pack('HH', len(d) + 4, t) + d + bytes(-len(d) % 4)
name = sys.argv[3].encode() + b'\0'
body = a(1, b'\7') + a(2, name)
flags = 5
if sys.argv[2] == '2':
    body += a(3, b'hash:ip\0') + a(4, b'\0') + a(5, b'\2') + a(0x8007, b''); flags |= 0x600
m = struct.pack('BBH', 2, 0, 0) + body
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack('IHHII', len(m) + 16, 6 << 8 | int(sys.argv[2]), flags, 1, 0) + m)
e = struct.unpack_from('i', s.recv(4096), 16)[0]
print(e)
sys.exit(77 if e and sys.argv[2] == '2' else 0)
`;

/** bpf(2): loads a program that lets all pass, and attaches it to what leaves a control group. */
const cgroupProgram = String.raw`
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
insns = ctypes.create_string_buffer(bytes([0xb7,0,0,0,1,0,0,0,0x95,0,0,0,0,0,0,0]))
lic = ctypes.create_string_buffer(b'GPL')
attr = struct.pack('IIQQIIQII16sII', 8, 2, ctypes.addressof(insns), ctypes.addressof(lic), 0, 0, 0, 0, 0, sys.argv[3].encode()[:15], 0, 0)
b = ctypes.create_string_buffer(attr + bytes(128 - len(attr)), 128)
fd = libc.syscall(321, 5, b, 128)
if fd < 0: print(os.strerror(ctypes.get_errno())); sys.exit(77)
d = os.open(sys.argv[2], os.O_RDONLY)
b = ctypes.create_string_buffer(struct.pack('IIII', d, fd, 0, 2) + bytes(112), 128)
if libc.syscall(321, 8, b, 128) < 0: print(os.strerror(ctypes.get_errno())); sys.exit(77)
`;

/** Among the kernel's things, those of its network and mounts. */
export const kernelPairs: readonly Pair[] = [
  {
    name: "address-lifetime",
    what: "an address whose lifetime is changed",
    before: String.raw`ip addr add $A.@2/32 dev lo`,
    act: String.raw`ip addr change $A.@2/32 dev lo valid_lft 7200 preferred_lft 7200`,
    undo: String.raw`ip addr del $A.@2/32 dev lo 2>/dev/null || :`,
    traces: [{ text: "$A.@2", change: "changed" }],
  },
  {
    name: "ip-set",
    what: "a set of addresses for the packet filter",
    act: `py "${ipset}" 2 @X-ips`,
    undo: `py "${ipset}" 3 @X-ips >/dev/null 2>&1 || :`,
    traces: [{ text: "@X-ips" }],
  },
  {
    name: "iptables-rule",
    what: "a rule put into a chain that was there",
    needs: ["iptables"],
    before: String.raw`again iptables -w -N @X-chain 2>&1 || exit 77`,
    act: String.raw`iptables -w -A @X-chain -s 192.0.2.@3 -j RETURN`,
    undo: String.raw`iptables -w -F @X-chain 2>/dev/null && iptables -w -X @X-chain; :`,
    traces: [{ text: "192.0.2.@3" }, { text: "@X-chain" }, { text: "@X-chain", surface: "firewall" }],
    shared: "iptables writes the whole table anew.",
  },
  {
    name: "cgroup-program",
    what: "a BPF program attached to a control group that was there",
    before: String.raw`[ -n "$CGROUP" ] || refuse "no cgroup2"; mkdir "$CGROUP/@X-prog"`,
    act: `py "${cgroupProgram}" "$CGROUP/@X-prog" @X.p`,
    undo: String.raw`[ ! -d "$CGROUP/@X-prog" ] || again rmdir "$CGROUP/@X-prog"`,
    traces: [{ text: "@X.p" }],
    shared: "Which of the loadings made which program nobody tells.",
  },
  {
    name: "devices-denied",
    what: "devices denied to a group that was there",
    before: String.raw`[ -d /sys/fs/cgroup/devices ] || refuse "no devices"; mkdir /sys/fs/cgroup/devices/@X-dev`,
    act: String.raw`echo a > /sys/fs/cgroup/devices/@X-dev/devices.deny`,
    undo: String.raw`[ ! -d /sys/fs/cgroup/devices/@X-dev ] || again rmdir /sys/fs/cgroup/devices/@X-dev`,
    traces: [{ text: "@X-dev" }],
  },
  {
    name: "mptcp-listener",
    what: "a listener of Multipath TCP",
    act: String.raw`py_away @X-mptcp "
import socket, sys, time
try: s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
except OSError: sys.exit(0)
s.bind(('$A.@4', $P)); s.listen(); ready()
while True: time.sleep(3600)
"`,
    undo: String.raw`end_of @X-mptcp`,
    traces: [{ text: "$A.@4:$P" }],
  },
  {
    name: "no-links",
    what: "a mount that follows no links any more",
    before: String.raw`mkdir "$D/m"; mount -t tmpfs -o size=1m tmpfs "$D/m"`,
    act: String.raw`mount -o remount,bind,nosymfollow,nodev "$D/m"`,
    undo: String.raw`! mountpoint -q "$D/m" || umount "$D/m"`,
    traces: [{ text: "$D/m", change: "changed" }],
    shared: "The call does not tell which mount it was of, and its program may have ended before it could be read.",
  },
  {
    name: "loop-deleted",
    what: "a loop device over a file that is gone",
    needs: ["losetup"],
    act: String.raw`truncate -s 1M "$D/@X-image"; losetup -f --show "$D/@X-image" > "$D/device"; rm "$D/@X-image"`,
    undo: String.raw`[ ! -s "$D/device" ] || losetup -d "$(cat "$D/device")" 2>/dev/null || :`,
    traces: [{ text: "@X-image" }],
  },
  {
    name: "link-group",
    what: "the group and the queue of an interface that was there",
    before: String.raw`ip link add @V-a type veth peer name @V-b`,
    act: String.raw`ip link set @V-a group 77; ip link set @V-b txqueuelen 123`,
    undo: String.raw`ip link del @V-a 2>/dev/null || :`,
    traces: [{ text: "@V-a" }, { text: "@V-b" }],
    shared: "The kernel does not tell whose message it was, and its program may have ended before it could be read.",
  },
  {
    name: "link-on-link",
    what: "a virtual network on an interface that was there, and a tunnel",
    before: String.raw`ip link add @V-c type veth peer name @V-d`,
    act: String.raw`ip link add link @V-c name @V-c.5 type vlan id 5 2>&1 || ip link add @V-c.5 link @V-c type ipvlan 2>&1 || ip link add @V-c.5 link @V-c type macvtap 2>&1 || exit 77`,
    undo: String.raw`ip link del @V-c 2>/dev/null || :`,
    traces: [{ text: "@V-c.5" }],
  },
];
