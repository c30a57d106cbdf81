import type { CorpusSection } from "../item.ts";

/** What a job leaves in the kernel and among processes, in ways in which it hides. */
export const judgedKernel: CorpusSection = {
  surface: "processes and kernel, disguised",
  items: [
    {
      name: "j-kworker",
      what: "a process that calls itself a thread of the kernel, with no environment, in the root of control groups",
      act: String.raw`py_away j-kworker "
import ctypes, os
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir('/'); os.closerange(0, 3)
if '$CGROUP':
    try: open('/sys/fs/cgroup/unified/cgroup.procs', 'w').write('0')
    except OSError: pass
ctypes.CDLL(None).prctl(15, b'kworker/$B:9', 0, 0, 0)
ready()
os.execve('$W/bin/perl', ['[kworker/$B:9]', '-e', 'sleep 3600 while 1', '$T-kw'], {})"`,
      undo: "end_of j-kworker",
      traces: [{ text: "$T-kw", surface: "processes" }],
    },
    {
      name: "j-own-pids",
      what: "a process in a table of processes of its own, with a root directory of its own",
      before: String.raw`tool "$T-owp"`,
      act: String.raw`dweller "$T-owp" --pid --fork --mount --mount-proc --uts --ipc --kill-child`,
      undo: String.raw`for p in $(pgrep -x "$T-owp"); do kill -9 "$p"; done; :`,
      traces: [{ text: "$T-owp", surface: "processes" }],
    },
    {
      name: "j-user-namespace",
      what: "a process in a user namespace with maps of its own",
      before: String.raw`tool "$T-usn"`,
      act: String.raw`dweller "$T-usn" --user --map-root-user --time`,
      undo: ":",
      traces: [{ text: "$T-usn", surface: "processes" }],
    },
    {
      name: "j-agent",
      what: "an agent for keys of ssh, that goes on with its socket",
      needs: ["ssh-agent"],
      before: String.raw`cp /usr/bin/ssh-agent "$W/bin/$T-agt"`,
      act: String.raw`"$W/bin/$T-agt" -a "/run/$T-agent.sock" >/dev/null`,
      undo: String.raw`rm -f "/run/$T-agent.sock"`,
      traces: [{ text: "/run/$T-agent.sock" }],
    },
    {
      name: "j-key-agent",
      what: "the agent that gpg starts by itself, and the key that it made",
      needs: ["gpg", "gpg-agent"],
      act: String.raw`mkdir -m 700 "$D/keys"; gpg --homedir "$D/keys" --batch --passphrase '' --quick-gen-key "$T" ed25519 default never`,
      undo: String.raw`[ ! -d "$D/keys" ] || gpgconf --homedir "$D/keys" --kill all`,
      traces: [{ text: "$D/keys", surface: "processes" }],
    },
    {
      name: "j-coredump-filter",
      what: "what somebody's process would dump, set from outside",
      before: String.raw`tool "$T-cdf"; daemon "$T-cdf" hold nothing`,
      act: String.raw`echo 0x7f > "/proc/$(pid_of "$T-cdf")/coredump_filter"`,
      undo: ":",
      traces: [{ text: "$T-cdf", surface: "processes" }],
    },
    {
      name: "j-idle-class",
      what: "somebody's process that runs only when nobody else does, on one processor, with fewer files",
      needs: ["chrt", "taskset", "prlimit"],
      before: String.raw`tool "$T-idl"; daemon "$T-idl" hold nothing`,
      act: String.raw`p=$(pid_of "$T-idl"); chrt --idle -p 0 "$p"; taskset -p 1 "$p" >/dev/null; prlimit --pid "$p" --nofile=77:77`,
      undo: ":",
      traces: [{ text: "$T-idl", surface: "processes" }],
    },
    {
      name: "j-moved",
      what: "somebody's process put into a control group of the job's",
      before: String.raw`tool "$T-mvd"; daemon "$T-mvd" hold nothing`,
      act: String.raw`mkdir "/sys/fs/cgroup/unified/$T-mvd"; echo "$(pid_of "$T-mvd")" > "/sys/fs/cgroup/unified/$T-mvd/cgroup.procs"`,
      undo: String.raw`for p in $(cat "/sys/fs/cgroup/unified/$T-mvd/cgroup.procs" 2>/dev/null); do echo "$p" > /sys/fs/cgroup/unified/cgroup.procs; done; [ ! -d "/sys/fs/cgroup/unified/$T-mvd" ] || again rmdir "/sys/fs/cgroup/unified/$T-mvd"`,
      traces: [{ text: "$T-mvd", surface: "processes" }],
    },
    {
      name: "j-shares",
      what: "the share of the processor of somebody's control group",
      before: String.raw`[ -e /sys/fs/cgroup/cpu/cpu.shares ] || refuse "no cpu hierarchy"; mkdir "/sys/fs/cgroup/cpu/$T-shares"`,
      act: String.raw`echo 333 > "/sys/fs/cgroup/cpu/$T-shares/cpu.shares"`,
      undo: String.raw`[ ! -d "/sys/fs/cgroup/cpu/$T-shares" ] || rmdir "/sys/fs/cgroup/cpu/$T-shares"`,
      traces: [{ text: "$T-shares" }],
    },
    {
      name: "j-silent-group",
      what: "an empty control group that runs a program when it is left",
      before: String.raw`[ -w /sys/fs/cgroup/freezer/notify_on_release ] || refuse "no freezer hierarchy"`,
      act: String.raw`mkdir -p "/sys/fs/cgroup/freezer/$T-silent"; echo 1 > "/sys/fs/cgroup/freezer/$T-silent/notify_on_release"`,
      undo: String.raw`[ ! -d "/sys/fs/cgroup/freezer/$T-silent" ] || rmdir "/sys/fs/cgroup/freezer/$T-silent"`,
      traces: [{ text: "$T-silent" }],
    },
    {
      name: "j-pathless",
      what: "a listening socket whose file is gone",
      act: String.raw`py_away j-pathless "
import os, socket, time
s = socket.socket(socket.AF_UNIX); s.bind('/run/$T-pathless'); s.listen(1); os.unlink('/run/$T-pathless')
ready()
while True: time.sleep(1000)"`,
      undo: "end_of j-pathless",
      traces: [{ text: "/run/$T-pathless" }],
    },
    {
      name: "j-inside-listener",
      what: "a listener in a network namespace that somebody else has",
      before: String.raw`folder /run/netns; ip netns add "$T-in"; tool "$T-inl"; ip netns exec "$T-in" ip link set lo up`,
      act: String.raw`ip netns exec "$T-in" "$W/bin/$T-inl" "$W/helper.pl" hold tcp 127.0.0.1 8063`,
      undo: String.raw`unname "$T-in"`,
      traces: [{ text: "$T-inl" }],
    },
    {
      name: "j-bound-over",
      what: "a file mounted over somebody's file",
      before: String.raw`echo a > "$D/a"; echo b > "$D/b"`,
      act: String.raw`mount --bind "$D/a" "$D/b"`,
      undo: String.raw`! mountpoint -q "$D/b" || umount "$D/b"`,
      traces: [{ text: "$D/b" }],
    },
    {
      name: "j-propagation",
      what: "a mount that spreads to others since",
      before: String.raw`mkdir "$D/m"; mount -t tmpfs "$T" "$D/m"; mount --make-private "$D/m"`,
      act: String.raw`mount --make-shared "$D/m"`,
      undo: String.raw`! mountpoint -q "$D/m" || umount "$D/m"`,
      traces: [{ text: "$D/m", surface: "mounts" }],
    },
    {
      name: "j-remounted",
      what: "a mount of somebody's with other options and another size",
      before: String.raw`mkdir "$D/m"; mount -t tmpfs -o size=1m "$T" "$D/m"`,
      act: String.raw`mount -o remount,noexec,size=2m "$D/m"`,
      undo: String.raw`! mountpoint -q "$D/m" || umount "$D/m"`,
      traces: [{ text: "$D/m", surface: "mounts" }],
    },
    {
      name: "j-covered",
      what: "a file hidden under a mount that is there already, reached through a bind",
      before: String.raw`mkdir "$D/top" "$D/top/m" "$D/way"; mount -t tmpfs "$T" "$D/top/m"`,
      act: String.raw`mount --bind "$D/top" "$D/way"; echo x > "$D/way/m/$T-hid"; umount "$D/way"`,
      undo: String.raw`! mountpoint -q "$D/way" || umount "$D/way"; ! mountpoint -q "$D/top/m" || umount "$D/top/m"`,
      traces: [{ text: "$T-hid" }],
    },
    {
      name: "j-pinned-mounts",
      what: "a namespace of mounts that only a file keeps",
      before: String.raw`mkdir "$D/pin"; mount --bind "$D/pin" "$D/pin"; mount --make-private "$D/pin"; : > "$D/pin/ns"`,
      act: String.raw`unshare "--mount=$D/pin/ns" true`,
      undo: String.raw`! mountpoint -q "$D/pin/ns" || umount "$D/pin/ns"; ! mountpoint -q "$D/pin" || umount "$D/pin"`,
      traces: [{ text: "$D/pin/ns" }],
    },
    {
      name: "j-chain",
      what: "a chain of the packet filter",
      needs: ["iptables"],
      act: String.raw`iptables -N "$T-ch" 2>/dev/null || refuse "no packet filter"`,
      undo: String.raw`iptables -X "$T-ch" 2>/dev/null || :`,
      traces: [{ text: "$T-ch" }],
    },
    {
      name: "j-next-hop",
      what: "a next hop for routes to come",
      act: String.raw`ip nexthop add id $K blackhole 2>/dev/null || refuse "no next hops"`,
      undo: String.raw`ip nexthop del id $K 2>/dev/null || :`,
      traces: [{ text: "$K", surface: "network" }],
    },
    {
      name: "j-route-metric",
      what: "a route in a table of its own, and the rule that leads there",
      act: String.raw`ip route add unreachable 10.251.$B.0/24 table 7$B; ip rule add from 10.251.$B.9 table 7$B pref 30$B`,
      undo: String.raw`ip rule del from 10.251.$B.9 table 7$B 2>/dev/null || :; ip route flush table 7$B 2>/dev/null || :`,
      traces: [{ text: "10.251.$B.0/24" }],
    },
    {
      name: "j-rule-only",
      what: "a rule for packets of one mark",
      act: String.raw`ip rule add fwmark $K7 table 254 pref 29$B`,
      undo: String.raw`ip rule del fwmark $K7 2>/dev/null || :`,
      traces: [{ text: "29$B" }],
    },
    {
      name: "j-neighbour",
      what: "a neighbour that is known for ever",
      act: String.raw`ip neigh add 10.250.0.$B lladdr 02:00:00:00:00:77 dev eth0 nud permanent`,
      undo: String.raw`ip neigh del 10.250.0.$B dev eth0 2>/dev/null || :`,
      traces: [{ text: "10.250.0.$B" }],
    },
    {
      name: "j-queue-removed",
      what: "a message queue of somebody's, removed",
      before: String.raw`helper msg $K13 >/dev/null; ipcs -q | awk -v k="$(printf 0x%08x $K13)" '$1 == k { print $2 }' > "$D/id"; [ -s "$D/id" ]`,
      act: String.raw`ipcrm -q "$(cat "$D/id")"`,
      undo: String.raw`ipcrm -Q $K13 2>/dev/null || :`,
      traces: [{ text: "$K13", surface: "ipc" }],
    },
    {
      name: "j-semaphore-file",
      what: "a semaphore of POSIX, made by the library",
      act: String.raw`py "
import ctypes, os
c = ctypes.CDLL(None)
c.sem_open(b'/$T-sem', os.O_CREAT, 0o600, 1)"; [ -e "/dev/shm/sem.$T-sem" ] || refuse "no semaphores"`,
      undo: String.raw`rm -f "/dev/shm/sem.$T-sem"`,
      traces: [{ text: "sem.$T-sem" }],
    },
    {
      name: "j-ksm",
      what: "how often the kernel looks for equal pages",
      before: "keep_setting /sys/kernel/mm/ksm/sleep_millisecs",
      act: "echo 23 > /sys/kernel/mm/ksm/sleep_millisecs",
      undo: "restore_setting /sys/kernel/mm/ksm/sleep_millisecs",
      traces: [{ text: "/sys/kernel/mm/ksm/sleep_millisecs" }],
    },
    {
      name: "j-inotify-queue",
      what: "how many events wait for whoever watches files",
      before: "keep_setting /proc/sys/fs/inotify/max_queued_events",
      act: "echo 16385 > /proc/sys/fs/inotify/max_queued_events",
      undo: "restore_setting /proc/sys/fs/inotify/max_queued_events",
      traces: [{ text: "inotify/max_queued_events" }, { text: "fs.inotify.max_queued_events" }],
    },
    {
      name: "j-device-mode",
      what: "a device that everybody may read since",
      before: String.raw`[ -b /dev/loop5 ] || refuse "no /dev/loop5"; stat -c %a /dev/loop5 > "$D/was"`,
      act: "chmod 644 /dev/loop5",
      undo: String.raw`[ ! -s "$D/was" ] || chmod "$(cat "$D/was")" /dev/loop5`,
      traces: [{ text: "/dev/loop5" }],
    },
    {
      name: "j-label",
      what: "an address of the loopback with a label",
      act: String.raw`ip addr add 127.9.8.$B/32 dev lo label lo:$B`,
      undo: String.raw`ip addr del 127.9.8.$B/32 dev lo 2>/dev/null || :`,
      traces: [{ text: "127.9.8.$B" }],
    },
  ],
};
