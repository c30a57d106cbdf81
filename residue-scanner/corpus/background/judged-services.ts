import type { CorpusSection } from "../item.ts";

/** What services and their users do, beside what the job asks of its own. */
export const judgedServices: CorpusSection = {
  surface: "services of others at work",
  items: [
    {
      name: "bj-container",
      what: "something like a container",
      before: String.raw`tool "$N-cnt"`,
      act: String.raw`dweller "$N-cnt" --pid --fork --mount --mount-proc --uts --ipc --net --kill-child`,
      undo: String.raw`for p in $(pgrep -x "$N-cnt"); do kill -9 "$p"; done; :`,
      traces: [{ text: "$N-cnt" }],
    },
    {
      name: "bj-owners",
      what: "a tree given to somebody else, with other modes",
      before: String.raw`mkdir -p "$D/t/u"; for n in 1 2 3; do echo $n > "$D/t/u/$n"; done`,
      act: String.raw`chown -R nobody "$D/t"; chmod -R go-rwx "$D/t"`,
      undo: ":",
      traces: [{ text: "$D/t" }, { text: "$D/t/u" }, { text: "$D/t/u/1" }],
    },
    {
      name: "bj-deployed",
      what: "a release laid down, made the current one, and the oldest removed",
      before: String.raw`mkdir -p "$D/releases/1" "$D/releases/2"; echo 1 > "$D/releases/1/app"; ln -s releases/2 "$D/current"`,
      act: String.raw`mkdir "$D/releases/3"; echo 3 > "$D/releases/3/app"; ln -s releases/3 "$D/current.new"; mv -T "$D/current.new" "$D/current"; rm -r "$D/releases/1"`,
      undo: ":",
      traces: [{ text: "$D/current" }, { text: "$D/releases/1" }, { text: "$D/releases/3" }],
    },
    {
      name: "bj-spool",
      what: "a queue of mails that come and go",
      before: String.raw`mkdir "$D/incoming" "$D/active" "$D/done"`,
      act: String.raw`for n in 1 2 3; do echo m > "$D/incoming/$n"; mv "$D/incoming/$n" "$D/active/$n"; done; mv "$D/active/2" "$D/done/2"`,
      steady: String.raw`n=$(date +%s%N); echo m > "$D/incoming/$n"; mv "$D/incoming/$n" "$D/active/$n"; rm "$D/active/$n"`,
      undo: ":",
      traces: [{ text: "$D/active/1" }, { text: "$D/done/2" }],
    },
    {
      name: "bj-asked",
      what: "a service that its own user asks for a file",
      before: String.raw`py_away bj-asked "
import socket
s = socket.socket(socket.AF_UNIX); s.bind('$D/sock'); s.listen(5)
ready()
while True:
    c, _ = s.accept(); n = c.recv(200).decode(); open(n, 'w').write('x'); c.close()"`,
      act: String.raw`py "
import socket, sys
d = socket.socket(socket.AF_UNIX); d.connect(sys.argv[2]); d.sendall(sys.argv[3].encode()); d.close()" "$D/sock" "/var/tmp/$N-asked"; until_true '[ -s "/var/tmp/$N-asked" ]'`,
      undo: String.raw`end_of bj-asked; rm -f "/var/tmp/$N-asked"`,
      traces: [{ text: "/var/tmp/$N-asked" }],
    },
    {
      name: "bj-both-ask",
      what: "the web server that the job asks too, asked for something else",
      needs: ["curl"],
      sharedBecause: "Both ask one service at the same time, and what is said to a port is not seen.",
      act: String.raw`curl -s --noproxy '*' -X PUT -d "/var/tmp/$N-upload" "http://$A.61:8061/" || refuse "nobody serves"; until_true '[ -s "/var/tmp/$N-upload" ]'`,
      undo: String.raw`rm -f "/var/tmp/$N-upload"`,
      traces: [{ text: "/var/tmp/$N-upload" }],
    },
    {
      name: "bj-hook-too",
      what: "a script in the directory in which the job lays one",
      act: String.raw`H="$W/p/j-hook/hooks"; [ -d "$H" ] || refuse "nobody runs hooks"; echo "echo x > /var/tmp/$N-hook" > "$H/o.tmp"; mv "$H/o.tmp" "$H/o.sh"; until_true '[ -s "/var/tmp/$N-hook" ]'`,
      undo: String.raw`rm -f "/var/tmp/$N-hook"`,
      traces: [{ text: "/var/tmp/$N-hook" }],
    },
    {
      name: "bj-drift",
      what: "a drift file written anew, and a journal that is cut",
      before: String.raw`echo 1.0 > "$D/drift"; seq 100 > "$D/journal"`,
      act: String.raw`echo 1.1 > "$D/drift.tmp"; mv "$D/drift.tmp" "$D/drift"; truncate -s 10 "$D/journal"`,
      steady: String.raw`date +%N > "$D/drift.tmp"; mv "$D/drift.tmp" "$D/drift"; echo line >> "$D/journal"`,
      undo: ":",
      traces: [{ text: "$D/drift" }, { text: "$D/journal" }],
    },
    {
      name: "bj-image",
      what: "an image of a disk made available as a device",
      needs: ["losetup"],
      act: String.raw`truncate -s 1M "$D/img"; losetup --find --show "$D/img" > "$D/dev" 2>/dev/null || refuse "no loop device"`,
      undo: String.raw`[ ! -s "$D/dev" ] || losetup -d "$(cat "$D/dev")"`,
      traces: [{ text: "$D/img" }],
    },
    {
      name: "bj-compiled",
      what: "modules of Python compiled",
      act: String.raw`mkdir "$D/lib"; echo 'x = 1' > "$D/lib/m.py"; python3 -I -m compileall -q "$D/lib"`,
      undo: ":",
      traces: [{ text: "$D/lib" }, { text: "$D/lib/__pycache__" }],
    },
    {
      name: "bj-limited",
      what: "a control group with a process of its own",
      before: String.raw`tool "$N-lim"`,
      act: String.raw`mkdir "/sys/fs/cgroup/unified/$N-lim"; daemon "$N-lim" hold nothing; pid_of "$N-lim" > "/sys/fs/cgroup/unified/$N-lim/cgroup.procs"`,
      undo: String.raw`for p in $(cat "/sys/fs/cgroup/unified/$N-lim/cgroup.procs" 2>/dev/null); do kill -9 "$p"; done; [ ! -d "/sys/fs/cgroup/unified/$N-lim" ] || again rmdir "/sys/fs/cgroup/unified/$N-lim"`,
      traces: [{ text: "$N-lim" }],
    },
    {
      name: "bj-pipe",
      what: "a pipe with a name that a daemon reads, and what it writes",
      before: String.raw`mkfifo "$D/in"; daemon_of bj-pipe "exec 3<>'$D/in'; while read -r l <&3; do echo \"\$l\" >> '$D/out'; done"`,
      act: String.raw`echo hello > "$D/in"; until_true '[ -s "$D/out" ]'`,
      steady: String.raw`echo again > "$D/in"`,
      undo: "end_of bj-pipe",
      traces: [{ text: "$D/out" }],
    },
    {
      name: "bj-ended",
      what: "a service ended for good, with what it had",
      before: String.raw`tool "$N-end"; daemon "$N-end" hold tcp $A.72 8072; echo x > "$D/state"`,
      act: String.raw`kill -9 "$(pid_of "$N-end")"; rm "$D/state"`,
      undo: ":",
      traces: [{ text: "$N-end" }, { text: "$D/state" }],
    },
    {
      name: "bj-tuned",
      what: "a process of its own made idle, stopped and limited by its owner",
      needs: ["chrt", "prlimit"],
      before: String.raw`tool "$N-tun"; daemon "$N-tun" hold nothing`,
      act: String.raw`p=$(pid_of "$N-tun"); chrt --idle -p 0 "$p"; prlimit --pid "$p" --nofile=66:66; echo 500 > "/proc/$p/oom_score_adj"; kill -STOP "$p"`,
      undo: ":",
      traces: [{ text: "$N-tun" }],
    },
    {
      name: "bj-agent",
      what: "an agent for keys of ssh",
      needs: ["ssh-agent"],
      before: String.raw`cp /usr/bin/ssh-agent "$W/bin/$N-agt"`,
      act: String.raw`"$W/bin/$N-agt" -a "/run/$N-agent.sock" >/dev/null`,
      undo: String.raw`rm -f "/run/$N-agent.sock"`,
      traces: [{ text: "/run/$N-agent.sock" }, { text: "$N-agt" }],
    },
    {
      name: "bj-disguised",
      what: "somebody's process that calls itself a thread of the kernel",
      act: String.raw`py_away bj-disguised "
import ctypes, os
if os.fork(): os._exit(0)
os.setsid(); ctypes.CDLL(None).prctl(15, b'kworker/$C:9', 0, 0, 0)
ready()
os.execve('$W/bin/perl', ['[kworker/$C:9]', '-e', 'sleep 3600 while 1', '$N-kw'], {})"`,
      undo: "end_of bj-disguised",
      traces: [{ text: "$N-kw" }],
    },
    {
      name: "bj-watched",
      what: "a daemon that watches a directory into which its owner puts a file",
      before: String.raw`mkdir "$D/in"; py_away bj-watched "
import ctypes, os
c = ctypes.CDLL(None); f = c.inotify_init1(0); c.inotify_add_watch(f, b'$D/in', 0x80 | 0x100 | 0x8)
ready()
while True:
    os.read(f, 4096)
    for n in os.listdir('$D/in'): open('/var/tmp/$N-watched', 'a').write(n)"`,
      act: String.raw`: > "$D/in/one"; until_true '[ -s "/var/tmp/$N-watched" ]'`,
      undo: String.raw`end_of bj-watched; rm -f "/var/tmp/$N-watched"`,
      traces: [{ text: "/var/tmp/$N-watched" }, { text: "$D/in/one" }],
    },
    {
      name: "bj-cron-like",
      what: "a scheduler that runs its jobs all the while",
      before: String.raw`daemon_of bj-cron-like "while :; do sh -c 'date > $D/stamp; mktemp -p $D >/dev/null'; sleep 0.4; done"`,
      act: String.raw`until_true '[ -s "$D/stamp" ]'`,
      undo: "end_of bj-cron-like",
      traces: [{ text: "$D/stamp" }],
    },
  ],
};
