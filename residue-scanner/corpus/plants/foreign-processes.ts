import type { CorpusItem, CorpusSection } from "../item.ts";

/** Something of a process that ran before the job; it is known by the name of its program. */
function touched(options: { name: string; what: string; act: string; before?: string; undo?: string }): CorpusItem {
  const { name, act, what, before = "", undo = ":" } = options;
  return {
    name,
    what,
    needs: ["pgrep"],
    before: `tool ${name}; daemon ${name} hold nothing${before}`,
    act: `pid=$(pid_of ${name}); ${act}`,
    undo,
    traces: [{ text: `$W/bin/${name}`, surface: "processes", change: "changed" }],
  };
}

/** A group of control groups that is there before the job, and is taken away when it is empty again. */
const group = String.raw`[ -n "$CGROUP" ] || refuse "no control groups of version 2"; mkdir "$CGROUP/$T-$1"`;
function withGroup(name: string): { before: string; undo: string } {
  return {
    before: `set -- ${name}; ${group}`,
    undo: `[ -z "$CGROUP" ] || [ ! -d "$CGROUP/$T-${name}" ] || again rmdir "$CGROUP/$T-${name}"`,
  };
}

/** What a job can do to processes that it did not start, and processes that are hard to see. */
export const foreignProcessPlants: CorpusSection = {
  surface: "processes, further",
  items: [
    touched({
      name: "z-slack",
      what: "how late somebody's process may be woken",
      act: 'echo 777000 > "/proc/$pid/timerslack_ns"',
    }),
    touched({
      name: "z-dump",
      what: "what of somebody's process a core dump holds",
      act: 'echo 0x7f > "/proc/$pid/coredump_filter"',
    }),
    touched({
      name: "z-autogroup",
      what: "the priority of a whole session of somebody's",
      act: '[ -w "/proc/$pid/autogroup" ] || refuse "no autogroups"; echo 5 > "/proc/$pid/autogroup"',
    }),
    touched({ name: "z-batch", what: "somebody's process scheduled in batches", act: 'chrt --batch -p 0 "$pid"' }),
    touched({
      name: "z-moved",
      what: "somebody's process moved to another control group",
      ...{ before: `; ${withGroup("moved").before}`, undo: withGroup("moved").undo },
      act: 'echo "$pid" > "$CGROUP/$T-moved/cgroup.procs"',
    }),
    touched({
      name: "z-moved-old",
      what: "somebody's process moved to another control group of version 1",
      before: `; [ -d /sys/fs/cgroup/pids ] || refuse "no control groups of version 1"; mkdir "/sys/fs/cgroup/pids/$T-moved"`,
      undo: `[ ! -d "/sys/fs/cgroup/pids/$T-moved" ] || again rmdir "/sys/fs/cgroup/pids/$T-moved"`,
      act: 'echo "$pid" > "/sys/fs/cgroup/pids/$T-moved/cgroup.procs"',
    }),
    {
      ...touched({ name: "z-thread", what: "the priority of one thread of somebody's process", act: ":" }),
      before: `tool z-thread; kernel_daemon z-thread threaded "$D/thread"; until_true '[ -s "$D/thread" ]'`,
      act: `renice -n 9 -p "$(cat "$D/thread")"`,
      undo: 'rm -f "$D/thread"',
    },
    {
      name: "z-frozen",
      what: "a control group of somebody's frozen, and whoever is in it",
      needs: ["pgrep"],
      before: `tool z-frozen; daemon z-frozen hold nothing; ${withGroup("frozen").before}; pid_of z-frozen > "$CGROUP/$T-frozen/cgroup.procs"`,
      act: `echo 1 > "$CGROUP/$T-frozen/cgroup.freeze"`,
      undo: `[ -z "$CGROUP" ] || [ ! -d "$CGROUP/$T-frozen" ] || { echo 0 > "$CGROUP/$T-frozen/cgroup.freeze"; again rmdir "$CGROUP/$T-frozen"; }`,
      traces: [
        { text: "$CGROUP/$T-frozen", change: "changed" },
        { text: "/$T-frozen", change: "changed" },
      ],
    },
    {
      name: "z-headless",
      what: "a process whose first thread has ended and whose second one goes on",
      needs: ["pgrep"],
      before: "tool z-headless",
      act: `env -i "$W/bin/z-headless" "$W/kernel.pl" headless "$T-head" "$A.31" 4711`,
      undo: `for pid in $(pgrep -x "$T-head"); do kill -KILL "$pid"; done`,
      traces: [{ text: "$T-head", surface: "processes" }],
    },
    {
      name: "z-headless-tcp",
      what: "a listening TCP socket of a process whose first thread has ended",
      needs: ["pgrep"],
      before: "tool z-headless-tcp",
      act: `env -i "$W/bin/z-headless-tcp" "$W/kernel.pl" headless "$T-hea2" "$A.32" 4711`,
      undo: `for pid in $(pgrep -x "$T-hea2"); do kill -KILL "$pid"; done`,
      traces: [{ text: "$A.32:4711", surface: "sockets" }],
    },
    {
      name: "z-masked",
      what: "a process that says that it is sshd",
      before: "tool z-masked",
      act: `SHOWN_AS="sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups" daemon z-masked hold nothing`,
      undo: ":",
      traces: [{ text: "$W/bin/z-masked", surface: "processes" }],
    },
    {
      name: "z-all-spaces",
      what: "a process in namespaces of its own of every kind, with no environment",
      needs: ["unshare"],
      before: "tool z-all-spaces",
      act: `(env -i setsid unshare --user --map-root-user --pid --fork --net --mount --uts --ipc --cgroup --time "$W/bin/z-all-spaces" -e 'sleep 3600 while 1' </dev/null >/dev/null 2>&1 &); until_true 'pid_of z-all-spaces >/dev/null'`,
      undo: ":",
      traces: [{ text: "$W/bin/z-all-spaces", surface: "processes" }],
    },
    {
      name: "z-tracer",
      what: "a process that traces somebody else's",
      needs: ["pgrep"],
      before: "tool z-tracer z-traced; daemon z-traced hold nothing",
      act: `pid=$(pid_of z-traced); kernel_daemon z-tracer hold traced "$pid"`,
      undo: ":",
      traces: [{ text: "$W/bin/z-tracer", surface: "processes" }],
    },
    {
      name: "z-host-program",
      what: "a process that runs a program of the host's, in another control group",
      needs: ["pgrep"],
      act: `[ -n "$CGROUP" ] || refuse "no control groups of version 2"; (env -i setsid sh -c 'echo 0 > "$2/cgroup.procs"; exec sleep "$1"' sh "98$P" "$CGROUP" </dev/null >/dev/null 2>&1 &); until_true 'pgrep -f -x "sleep 98$P" >/dev/null'`,
      undo: `for pid in $(pgrep -f -x "sleep 98$P"); do kill -KILL "$pid"; done`,
      traces: [{ text: "sleep 98$P", surface: "processes" }],
    },
  ],
};
