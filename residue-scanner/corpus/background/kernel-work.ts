import type { CorpusItem, CorpusSection } from "../item.ts";

/** A daemon of somebody's that was there before, to which its owner does something. */
function tended(options: { name: string; what: string; act: string; undo?: string }): CorpusItem {
  const { name, what, act, undo = ":" } = options;
  return {
    ...{ name, what, needs: ["pgrep"] },
    before: `tool ${name}; daemon ${name} hold nothing`,
    act: `pid=$(pid_of ${name}); ${act}`,
    undo,
    traces: [{ text: `$W/bin/${name}`, surface: "processes" }],
  };
}

function setting(options: { name: string; what: string; path: string; value: string; texts: string[] }): CorpusItem {
  const { name, what, path, value, texts } = options;
  return {
    ...{ name, what },
    before: `keep_setting ${path}`,
    act: `echo ${value} > ${path} || refuse "cannot be set"`,
    undo: `restore_setting ${path}`,
    traces: texts.map((text) => ({ text })),
  };
}

/** What operators, container engines and monitors have the kernel do. */
export const backgroundKernelWork: CorpusSection = {
  surface: "processes, network and kernel, further",
  items: [
    {
      name: "bz-new-port",
      what: "a service started anew on another port",
      needs: ["pgrep"],
      before: 'tool bz-new-port; daemon bz-new-port hold tcp "$A.51" 4711',
      act: 'kill "$(pid_of bz-new-port)"; until_true "! pid_of bz-new-port >/dev/null"; daemon bz-new-port hold tcp "$A.51" 4712',
      undo: ":",
      traces: [{ text: "$W/bin/bz-new-port", surface: "processes" }, { text: "$A.51:4711" }, { text: "$A.51:4712" }],
    },
    {
      name: "bz-ports",
      what: "listeners on ports that the kernel chooses",
      before: "tool bz-ports",
      act: 'kernel_daemon bz-ports hold listeners "$A.52"',
      undo: ":",
      traces: [{ text: "$W/bin/bz-ports", surface: "processes" }, { text: "(bz-ports)" }],
    },
    {
      name: "bz-sessions",
      what: "sessions of a service like sshd",
      before: 'tool bz-sessions bz-guest; kernel_daemon bz-sessions sessions "$A.53" 4711',
      act: 'daemon bz-guest hold connection "$A.53" 4711',
      steady: 'helper connect "$A.53" 4711',
      undo: ":",
      traces: [
        { text: "$W/bin/bz-sessions", surface: "processes" },
        { text: "$A.53:4711" },
        { text: "$W/bin/bz-guest", surface: "processes" },
      ],
    },
    {
      name: "bz-container",
      what: "a container that is started",
      needs: ["unshare", "pgrep"],
      before: "tool bz-container",
      act: 'dweller bz-container --mount --net --ipc --uts --pid --fork; nsenter --target "$(pid_of bz-container)" --mount mount -t tmpfs "$N-inside" "$D"; nsenter --target "$(pid_of bz-container)" --net ip link set lo up',
      undo: ":",
      traces: [{ text: "$W/bin/bz-container", surface: "processes" }, { text: "$N-inside" }],
    },
    {
      name: "bz-container-end",
      what: "a container that ends",
      needs: ["unshare", "pgrep"],
      before: "tool bz-ending; dweller bz-ending --mount --net --ipc --uts",
      act: 'kill "$(pid_of bz-ending)"; until_true "! pid_of bz-ending >/dev/null"',
      undo: ":",
      traces: [{ text: "$W/bin/bz-ending", surface: "processes" }],
    },
    {
      name: "bz-containers",
      what: "containers that come and go",
      needs: ["unshare"],
      before: "tool bz-passing",
      act: 'unshare --mount --net --ipc --uts --pid --fork "$W/bin/bz-passing" -e 1',
      steady: 'unshare --mount --net --ipc --uts --pid --fork "$W/bin/bz-passing" -e 1',
      undo: ":",
      traces: [{ text: "$W/bin/bz-passing", surface: "processes" }],
    },
    {
      name: "bz-in-container",
      what: "work in the namespaces of a container that was there",
      needs: ["unshare", "nsenter", "pgrep", "ip"],
      before: "tool bz-inhabited; dweller bz-inhabited --mount --net --ipc --uts",
      act: 'at=$(pid_of bz-inhabited); mkdir "$D/in"; nsenter --target "$at" --mount mount -t tmpfs "$N-in" "$D/in"; nsenter --target "$at" --net ip link add "$N"zi type bridge; nsenter --target "$at" --ipc "$W/bin/perl" "$W/helper.pl" queue "$N-in-queue"; nsenter --target "$at" --uts sh -c \'echo "$N-named" > /proc/sys/kernel/hostname\'; nsenter --target "$at" --net sh -c "echo 78 > /proc/sys/net/ipv4/ip_default_ttl"',
      undo: ":",
      sharedBecause:
        "setns(2) does not tell into which namespace somebody goes, so the job's doings in one container may be those in another",
      traces: [
        { text: "$N-in" },
        { text: "$Nzi" },
        { text: "$N-in-queue" },
        { text: "$N-named" },
        { text: "78", surface: "sysctls" },
      ],
    },
    setting({
      name: "bz-dirty",
      what: "how much may wait to be written, which moves another setting",
      ...{ path: "/proc/sys/vm/dirty_ratio", value: "23", texts: ["vm.dirty_ratio"] },
    }),
    {
      ...setting({
        name: "bz-dirty-bytes",
        what: "the kernel's share of memory for its own, and what moves with it",
        ...{ path: "/proc/sys/vm/overcommit_ratio", value: "51", texts: ["vm.overcommit_ratio"] },
      }),
    },
    setting({
      name: "bz-disk",
      what: "a setting of a disk",
      ...{ path: "/sys/block/loop6/queue/read_ahead_kb", value: "72", texts: ["loop6/queue/read_ahead_kb"] },
    }),
    {
      name: "bz-cable",
      what: "a pair of virtual cables with an address, as container engines make them",
      needs: ["ip"],
      act: 'ip link add "$N"v type veth peer name "$N"w; ip address add "198.18.$C.1/30" dev "$N"v; ip link set "$N"v up; ip link set "$N"w up',
      undo: 'ip link del "$N"v 2>/dev/null || :',
      traces: [{ text: "$Nv" }, { text: "$Nw" }, { text: "198.18.$C.1" }, { text: "198.18.$C.0/30" }],
    },
    {
      name: "bz-lease",
      what: "an address that is renewed, as for DHCP",
      needs: ["ip"],
      before:
        'ip link add "$N"d type bridge; ip address add "198.18.$C.9/30" valid_lft 3600 preferred_lft 3600 dev "$N"d; ip link set "$N"d up',
      act: 'ip address replace "198.18.$C.9/30" valid_lft 1800 preferred_lft 1800 dev "$N"d',
      steady: 'ip address replace "198.18.$C.9/30" valid_lft 1800 preferred_lft 1800 dev "$N"d',
      undo: 'ip link del "$N"d 2>/dev/null || :',
      traces: [{ text: "$Nd" }, { text: "198.18.$C.9" }],
    },
    {
      name: "bz-size-ioctl",
      what: "the packet size of somebody's interface, by ioctl",
      needs: ["ip"],
      before: 'ip link add "$N"m type bridge',
      act: 'kernel mtu "$N"m 1444',
      undo: 'ip link del "$N"m 2>/dev/null || :',
      traces: [{ text: "$Nm" }],
    },
    {
      name: "bz-label",
      what: "a label of addresses, by somebody's router",
      needs: ["ip"],
      act: "ip addrlabel add prefix fd01:$C::/64 label 4771",
      undo: "ip addrlabel del prefix fd01:$C::/64 label 4771 2>/dev/null || :",
      sharedBecause: "the kernel tells nobody of labels, so whoever had a socket for the network may have set it",
      traces: [{ text: "fd01:$C::/64" }],
    },
    {
      name: "bz-nexthop",
      what: "a next hop and a rule, by somebody's router",
      needs: ["ip"],
      act: "ip nexthop add id $K6 blackhole; ip rule add from 198.18.$C.77 table 4771",
      undo: "ip nexthop del id $K6 2>/dev/null || :; ip rule del from 198.18.$C.77 table 4771 2>/dev/null || :",
      traces: [{ text: "$K6", surface: "network" }, { text: "198.18.$C.77" }],
    },
    {
      name: "bz-memory-churn",
      what: "shared memory and queues that come and go",
      needs: ["ipcrm"],
      act: "helper shm $((K6 + 1000)); ipcrm -M $((K6 + 1000)); helper queue $N-passing; helper unqueue $N-passing",
      steady: "helper queue $N-passing; helper unqueue $N-passing; helper key $N-passing; helper unkey $N-passing",
      undo: "ipcrm -M $((K6 + 1000)) 2>/dev/null || :; helper unqueue $N-passing; helper unkey $N-passing",
      traces: [{ text: "$N-passing" }],
    },
    tended({
      name: "bz-oom",
      what: "the OOM score of somebody's own process",
      act: 'echo 222 > "/proc/$pid/oom_score_adj"',
    }),
    tended({ name: "bz-affinity", what: "the processors of somebody's own process", act: 'taskset -p -c 1 "$pid"' }),
    tended({
      name: "bz-slack",
      what: "how late somebody's own process may be woken",
      act: 'echo 666000 > "/proc/$pid/timerslack_ns"',
    }),
    tended({
      name: "bz-regrouped",
      what: "somebody's own process put into a control group with a limit",
      act: '[ -n "$CGROUP" ] || refuse "no control groups of version 2"; mkdir "$CGROUP/$N-own"; echo 9 > "$CGROUP/$N-own/cgroup.max.descendants"; echo "$pid" > "$CGROUP/$N-own/cgroup.procs"',
      undo: '[ -z "$CGROUP" ] || [ ! -d "$CGROUP/$N-own" ] || again rmdir "$CGROUP/$N-own"',
    }),
    {
      name: "bz-limit",
      what: "a limit of somebody's own control group",
      before: '[ -n "$CGROUP" ] || refuse "no control groups of version 2"; mkdir "$CGROUP/$N-limit"',
      act: 'echo 9 > "$CGROUP/$N-limit/cgroup.max.descendants"',
      undo: '[ -z "$CGROUP" ] || [ ! -d "$CGROUP/$N-limit" ] || again rmdir "$CGROUP/$N-limit"',
      traces: [{ text: "/$N-limit" }],
    },
    {
      name: "bz-tracer",
      what: "a tracer of somebody's, which stays",
      needs: ["unshare", "mount"],
      before: 'grep -q tracefs /proc/filesystems || refuse "no tracefs"; hidden_mount tracefs :',
      act: `hidden_mount tracefs 'mkdir "$M/instances/$N"; echo 1 > "$M/instances/$N/events/sched/sched_process_fork/enable"'`,
      steady: `hidden_mount tracefs 'mkdir "$M/instances/$N-brief"; rmdir "$M/instances/$N-brief"'`,
      undo: `hidden_mount tracefs 'rmdir "$M/instances/$N"' || :; hidden_mount tracefs 'rmdir "$M/instances/$N-brief"' 2>/dev/null || :`,
      traces: [{ text: "instances/$N" }, { text: "instances/$N-brief" }],
    },
    {
      name: "bz-map",
      what: "a daemon of somebody's with a BPF map",
      before: "tool bz-map",
      act: 'daemon bz-map hold map "$N"m',
      undo: ":",
      traces: [
        { text: "$Nm", surface: "kernel" },
        { text: "$W/bin/bz-map", surface: "processes" },
      ],
    },
    {
      name: "bz-image",
      what: "a file system in a file, mounted",
      needs: ["mount", "mkfs.ext2"],
      before: 'truncate -s 256k "$D/image"; mkfs.ext2 -q -F "$D/image"; mkdir "$D/mounted"',
      act: 'mount -o loop "$D/image" "$D/mounted"',
      undo: '! mountpoint -q "$D/mounted" || umount "$D/mounted"; rm -f "$D/image"',
      traces: [{ text: "$D/mounted" }, { text: "$D/image" }],
    },
  ],
};
