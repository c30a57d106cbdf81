import type { CorpusItem, CorpusSection } from "../item.ts";

/** A process that stays; it is known by the name of its program, which only it has. */
function staying(options: { name: string; what: string; act: string; needs?: readonly string[] }): CorpusItem {
  const { name, act, what, needs } = options;
  return {
    name,
    what,
    ...(needs !== undefined && { needs }),
    before: `tool ${name}`,
    act,
    undo: ":",
    traces: [{ text: `$W/bin/${name}`, surface: "processes", change: "appeared" }],
  };
}

/** A change of a process that ran before the job. */
function touched(options: { name: string; what: string; act: string; needs: readonly string[] }): CorpusItem {
  const { name, act, what, needs } = options;
  return {
    name,
    what,
    needs,
    before: `tool ${name}; daemon ${name} hold nothing`,
    act: `pid=$(pid_of ${name}); ${act}`,
    undo: ":",
    traces: [{ text: `$W/bin/${name}`, surface: "processes", change: "changed" }],
  };
}

/** Processes that stay, and what changes of those that others run. */
export const processPlants: CorpusSection = {
  surface: "processes",
  items: [
    staying({ name: "p-daemon", what: "a daemon", act: "daemon p-daemon hold nothing" }),
    staying({
      name: "p-cleared",
      what: "a daemon with no environment",
      act: String.raw`env -i "$W/bin/p-cleared" "$W/helper.pl" hold nothing`,
    }),
    staying({
      name: "p-kworker",
      what: "a process that is called as a thread of the kernel is",
      act: String.raw`SHOWN_AS="[kworker/2:1-events]" daemon p-kworker hold nothing`,
    }),
    staying({
      name: "p-other-user",
      what: "a process of another user",
      needs: ["setpriv"],
      act: String.raw`setpriv --reuid=65534 --regid=65534 --clear-groups env -i "$W/bin/p-other-user" "$W/helper.pl" hold nothing`,
    }),
    staying({
      name: "p-pid-ns",
      what: "a process in a PID namespace, with no environment",
      needs: ["unshare"],
      act: String.raw`(env -i setsid unshare --pid --fork "$W/bin/p-pid-ns" -e 'sleep 3600 while 1' </dev/null >/dev/null 2>&1 &)`,
    }),
    staying({
      name: "p-other-cgroup",
      what: "a process that moved to another control group",
      act: String.raw`[ -n "$CGROUP" ] || refuse "no control groups of version 2"; sh -ec 'echo $$ > "$CGROUP/cgroup.procs"; exec env -i "$W/bin/p-other-cgroup" "$W/helper.pl" hold nothing'`,
    }),
    {
      ...staying({
        name: "p-hidden",
        what: "a process hidden by a mount over its directory in /proc",
        needs: ["mount", "pgrep"],
        act: String.raw`daemon p-hidden hold nothing; mkdir "$D/empty"; pid=$(pid_of p-hidden); mount --bind "$D/empty" "/proc/$pid"`,
      }),
      undo: String.raw`grep -a -F "$D/empty" /proc/self/mountinfo | cut -d ' ' -f 5 | while read -r at; do umount "$at"; done`,
      traces: [
        { text: "$W/bin/p-hidden", surface: "processes" },
        { text: "p-hidden", surface: "processes" },
      ],
    },
    staying({
      name: "p-stopped",
      what: "a stopped process",
      act: String.raw`daemon p-stopped hold nothing; kill -STOP "$(pid_of p-stopped)"`,
      needs: ["pgrep"],
    }),
    staying({
      name: "p-zombies",
      what: "a process that does not collect its children",
      act: "daemon p-zombies hold zombie",
    }),
    {
      ...staying({
        name: "p-deleted",
        what: "a process whose program is deleted",
        act: String.raw`daemon p-deleted hold nothing; rm "$W/bin/p-deleted"`,
      }),
      // A copy: of a link, the others would have one link less.
      before: String.raw`cp "$W/bin/perl" "$W/bin/p-deleted"`,
    },
    {
      name: "p-memfd",
      what: "a process whose program was never a file",
      act: String.raw`"$W/bin/perl" -e 'exit 0 if fork; require POSIX; POSIX::setsid(); exec @ARGV' "$W/bin/perl" "$W/helper.pl" run-memfd "$T-memfd" "$W/bin/perl" -e 'open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null"; open STDIN, "<", "/dev/null"; sleep 3600 while 1' </dev/null >/dev/null 2>&1`,
      undo: ":",
      traces: [{ text: "memfd:$T-memfd", surface: "processes" }],
    },
    {
      name: "p-user-ns",
      what: "a process in a user namespace of its own",
      needs: ["unshare"],
      before: "tool p-user-ns",
      act: String.raw`(setsid unshare --user --map-root-user "$W/bin/p-user-ns" -e 'sleep 3600 while 1' "$T" </dev/null >/dev/null 2>&1 &)`,
      undo: ":",
      traces: [{ text: "$W/bin/p-user-ns", surface: "processes" }],
    },
    touched({
      name: "x-nice",
      what: "the priority of somebody's process",
      needs: ["renice", "pgrep"],
      act: 'renice -n 7 -p "$pid"',
    }),
    touched({
      name: "x-processors",
      what: "the processors of somebody's process",
      needs: ["taskset", "pgrep"],
      act: 'taskset -p -c 0 "$pid"',
    }),
    touched({
      name: "x-limit",
      what: "a limit of somebody's process",
      needs: ["prlimit", "pgrep"],
      act: 'prlimit --pid "$pid" --core=0:0 --nofile=77:77',
    }),
    touched({
      name: "x-out-of-memory",
      what: "the OOM score of somebody's process",
      needs: ["pgrep"],
      act: 'echo 321 > "/proc/$pid/oom_score_adj"',
    }),
    touched({ name: "x-stopped", what: "somebody's process stopped", needs: ["pgrep"], act: 'kill -STOP "$pid"' }),
    touched({
      name: "x-io-class",
      what: "the input and output class of somebody's process",
      needs: ["ionice", "pgrep"],
      act: 'ionice -c 3 -p "$pid"',
    }),
    {
      name: "x-ended",
      what: "somebody's service ended",
      needs: ["pgrep"],
      before: String.raw`tool x-ended; daemon x-ended hold tcp "$A.9" 4719`,
      act: String.raw`pid=$(pid_of x-ended); kill "$pid"`,
      undo: ":",
      traces: [
        { text: "$A.9:4719", change: "vanished" },
        { text: "$W/bin/x-ended", change: "vanished" },
      ],
    },
  ],
};
