import type { CorpusSection } from "../item.ts";

/** What people and their services do every day, meanwhile. */
export const dailyWork: CorpusSection = {
  surface: "everyday work",
  items: [
    {
      name: "w-mail",
      what: "mail delivered into a mailbox, under a lock",
      before: String.raw`folder /var/mail; echo "From a" > "/var/mail/$N-box"`,
      act: String.raw`ln -s 1 "/var/mail/$N-box.lock"; echo "From b" >> "/var/mail/$N-box"; rm "/var/mail/$N-box.lock"`,
      steady: String.raw`echo "From c" >> "/var/mail/$N-box"`,
      undo: String.raw`rm -f "/var/mail/$N-box" "/var/mail/$N-box.lock"`,
      traces: [{ text: "/var/mail/$N-box" }, { text: "/var/mail/$N-box.lock" }],
    },
    {
      name: "w-web",
      what: "a web server that logs each of its guests",
      needs: ["python3"],
      before: String.raw`py_away w-web 'import http.server,sys
class H(http.server.SimpleHTTPRequestHandler):
    def log_message(self,*a): open(sys.argv[2],"a").write(repr(a)+"\n")
s=http.server.HTTPServer((sys.argv[3],8079),H); ready(); s.serve_forever()' "$D/access.log" "$A.80"`,
      act: ":",
      steady: String.raw`py 'import http.client,sys
c=http.client.HTTPConnection(sys.argv[2],8079); c.request("HEAD","/"); c.getresponse()' "$A.80"`,
      undo: "end_of w-web",
      traces: [{ text: "$D/access.log" }],
    },
    {
      name: "w-monitor",
      what: "a monitor that reads all of /proc and keeps a count",
      before: String.raw`echo 0 > "$D/count"`,
      act: ":",
      steady: String.raw`cat /proc/[0-9]*/stat /proc/[0-9]*/status /proc/[0-9]*/maps 2>/dev/null | wc -l > "$D/count"`,
      undo: ":",
      traces: [{ text: "$D/count" }],
    },
    {
      name: "w-tuned",
      what: "somebody else's processes made nicer, bound to a processor, limited and moved by their owner",
      needs: ["renice", "taskset", "prlimit"],
      before: 'daemon_of w-tuned "sleep 1000; :"',
      act: String.raw`p=$(cat "$W/kept/w-tuned.pid"); renice -n 5 -p $p >/dev/null; taskset -pc 0 $p >/dev/null; prlimit --pid $p --nofile=77; echo 77 > /proc/$p/oom_score_adj; echo 0x7f > /proc/$p/coredump_filter`,
      undo: "end_of w-tuned",
      traces: [{ text: "w-tuned" }],
    },
    {
      name: "w-reopen",
      what: "a log renamed, and a service told by SIGHUP to open a new one",
      needs: ["python3"],
      before: String.raw`py_away w-reopen 'import signal,sys,time
f=[open(sys.argv[2],"a")]
def h(*a): f[0].close(); f[0]=open(sys.argv[2],"a"); f[0].write("reopened\n"); f[0].flush()
signal.signal(1,h); f[0].write("x"); f[0].flush(); ready()
while 1: time.sleep(0.1); f[0].write("more\n"); f[0].flush()' "$D/d.log"`,
      act: String.raw`mv "$D/d.log" "$D/d.log.1"; kill -HUP "$(cat "$W/kept/w-reopen.pid")"; wait_for "$D/d.log"; gzip -f "$D/d.log.1"`,
      undo: "end_of w-reopen",
      traces: [{ text: "$D/d.log" }, { text: "$D/d.log.1" }, { text: "$D/d.log.1.gz" }],
    },
    {
      name: "w-bytecode",
      what: "Python's own compiled files beside somebody's modules",
      needs: ["python3"],
      before: String.raw`mkdir "$D/lib"; echo "x = 1" > "$D/lib/mod.py"`,
      act: String.raw`cd "$D/lib"; python3 -c "import mod"`,
      undo: ":",
      traces: [{ text: "$D/lib/__pycache__" }, { text: "$D/lib" }],
    },
    {
      name: "w-core",
      what: "somebody else's process that dumps its core",
      needs: ["python3"],
      act: String.raw`cd "$D"; ulimit -c unlimited; echo start > "$D/crashed"; py 'import os; os.abort()' || :`,
      // Where the job has set core dumps to go, this one goes too.
      undo: 'rm -f "/var/tmp/$T.core"',
      traces: [{ text: "$D/crashed" }],
    },
  ],
};
