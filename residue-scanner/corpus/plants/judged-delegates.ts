import type { CorpusSection } from "../item.ts";

/** What a job has others do for it, who ran before and belong to somebody else. */
export const judgedDelegates: CorpusSection = {
  surface: "done by others on request",
  items: [
    {
      name: "j-tmux-window",
      what: "a window in somebody's terminal multiplexer, whose command leaves a file",
      needs: ["tmux"],
      before: String.raw`[ -e "$W/bin/tmux" ] || cp /usr/bin/tmux "$W/bin/tmux"; "$W/bin/tmux" -S "$D/sock" -f /dev/null new-session -d "exec $W/bin/perl -e 'sleep 3600'"; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`"$W/bin/tmux" -S "$D/sock" new-window -d "echo x > /var/tmp/$T-window; exec $W/bin/perl -e 'sleep 3600'"; until_true '[ -s "/var/tmp/$T-window" ]'`,
      undo: String.raw`rm -f "/var/tmp/$T-window"`,
      traces: [{ text: "/var/tmp/$T-window" }],
    },
    {
      name: "j-typed",
      what: "keys typed into a shell that somebody has open",
      needs: ["tmux"],
      before: String.raw`[ -e "$W/bin/tmux" ] || cp /usr/bin/tmux "$W/bin/tmux"; "$W/bin/tmux" -S "$D/sock" -f /dev/null new-session -d "exec $W/bin/job"; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`"$W/bin/tmux" -S "$D/sock" send-keys "echo x > /var/tmp/$T-typed" Enter; until_true '[ -s "/var/tmp/$T-typed" ]'`,
      undo: String.raw`rm -f "/var/tmp/$T-typed"`,
      traces: [{ text: "/var/tmp/$T-typed" }],
    },
    {
      name: "j-fifo-removal",
      what: "a file that a service removes, asked through a pipe with a name",
      before: String.raw`echo x > "$D/precious"; mkfifo "$D/orders"; daemon_of j-fifo-removal "exec 3<>'$D/orders'; while read -r f <&3; do rm -f \"\$f\"; done"`,
      act: String.raw`echo "$D/precious" > "$D/orders"; until_true '[ ! -e "$D/precious" ]'`,
      undo: "end_of j-fifo-removal",
      traces: [{ text: "$D/precious" }],
    },
    {
      name: "j-upload",
      what: "a file sent to a web server, which writes it a second later in a process of its own",
      needs: ["curl"],
      before: String.raw`py_away j-upload "
import http.server, subprocess
class H(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        subprocess.Popen(['sh', '-c', 'sleep 1; echo x > \"\$1\"', 'sh', body.decode()], start_new_session=True)
        self.send_response(204); self.end_headers()
    def log_message(self, *a): pass
s = http.server.HTTPServer(('$A.61', 8061), H)
ready()
s.serve_forever()"`,
      act: String.raw`curl -s --noproxy '*' -X PUT -d "/var/tmp/$T-upload" "http://$A.61:8061/"; until_true '[ -s "/var/tmp/$T-upload" ]'`,
      undo: String.raw`end_of j-upload; rm -f "/var/tmp/$T-upload"`,
      traces: [{ text: "/var/tmp/$T-upload" }],
    },
    {
      name: "j-datagram",
      what: "a file that a service writes which was asked by a datagram over UDP",
      before: String.raw`py_away j-datagram "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('$A.62', 8062))
ready()
while True: open(s.recv(200).decode(), 'w').write('x')"`,
      act: String.raw`py "
import socket, sys
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), ('$A.62', 8062))" "/var/tmp/$T-datagram"; until_true '[ -s "/var/tmp/$T-datagram" ]'`,
      undo: String.raw`end_of j-datagram; rm -f "/var/tmp/$T-datagram"`,
      traces: [{ text: "/var/tmp/$T-datagram" }],
    },
    {
      name: "j-unix-datagram",
      what: "the same over a unix socket, of a service that drops its rights",
      before: String.raw`mkdir "$D/open"; chmod 777 "$D/open"; py_away j-unix-datagram "
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind('$D/sock')
ready()
os.setgid(65534); os.setuid(65534)
while True: open(s.recv(200).decode(), 'w').write('x')"`,
      act: String.raw`py "
import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[3].encode(), sys.argv[2])" "$D/sock" "$D/open/$T-made"; until_true '[ -s "$D/open/$T-made" ]'`,
      undo: "end_of j-unix-datagram",
      traces: [{ text: "$D/open/$T-made" }],
    },
    {
      // What runs for a moment may be gone before anybody can read what it runs.
      name: "j-hook",
      what: "a script laid into a directory whose scripts somebody's daemon runs",
      before: String.raw`mkdir "$D/hooks"; daemon_of j-hook "while :; do for h in '$D/hooks/'*.sh; do [ ! -e \"\$h\" ] || { sh \"\$h\"; rm -f \"\$h\"; }; done; sleep 0.3; done"`,
      act: String.raw`echo "echo x > /var/tmp/$T-hook; sleep 0.2" > "$D/hooks/h.tmp"; mv "$D/hooks/h.tmp" "$D/hooks/h.sh"; until_true '[ -s "/var/tmp/$T-hook" ]'`,
      undo: String.raw`end_of j-hook; rm -f "/var/tmp/$T-hook"`,
      traces: [{ text: "/var/tmp/$T-hook" }],
    },
    {
      name: "j-edited-script",
      what: "a line in a script that somebody's daemon runs again and again",
      before: String.raw`echo ":" > "$D/tick.sh"; daemon_of j-edited-script "while :; do sh '$D/tick.sh'; sleep 0.3; done"`,
      act: String.raw`echo "[ -e /var/tmp/$T-tick ] || mkdir /var/tmp/$T-tick" >> "$D/tick.sh"; until_true '[ -e "/var/tmp/$T-tick" ]'`,
      undo: String.raw`end_of j-edited-script; rm -rf "/var/tmp/$T-tick"`,
      traces: [{ text: "/var/tmp/$T-tick" }],
    },
    {
      name: "j-dump",
      what: "the dump that a database server writes when asked",
      needs: ["redis-server", "redis-cli"],
      before: String.raw`mkdir "$D/data"; cp --dereference /usr/bin/redis-server "$W/bin/$T-redis"; "$W/bin/$T-redis" --port 0 --unixsocket "$D/sock" --dir "$D/data" --daemonize yes --save "" >/dev/null; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`redis-cli -s "$D/sock" set "$T" x >/dev/null; redis-cli -s "$D/sock" save >/dev/null`,
      undo: ":",
      traces: [{ text: "$D/data/dump.rdb" }],
    },
    {
      name: "j-background-dump",
      what: "the same by a child of the server's",
      needs: ["redis-server", "redis-cli"],
      before: String.raw`mkdir "$D/data"; cp --dereference /usr/bin/redis-server "$W/bin/$T-redib"; "$W/bin/$T-redib" --port 0 --unixsocket "$D/sock" --dir "$D/data" --daemonize yes --save "" >/dev/null; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`redis-cli -s "$D/sock" set "$T" x >/dev/null; redis-cli -s "$D/sock" bgsave >/dev/null; until_true '[ -s "$D/data/dump.rdb" ]'`,
      undo: ":",
      traces: [{ text: "$D/data/dump.rdb" }],
    },
    {
      name: "j-watched",
      what: "a file that a daemon makes because it watches a directory",
      before: String.raw`mkdir "$D/in"; py_away j-watched "
import ctypes, os
c = ctypes.CDLL(None); f = c.inotify_init1(0); c.inotify_add_watch(f, b'$D/in', 0x80 | 0x100 | 0x8)
ready()
while True:
    os.read(f, 4096)
    for n in os.listdir('$D/in'): open('/var/tmp/$T-watched', 'a').write(n)"`,
      act: String.raw`: > "$D/in/one"; until_true '[ -s "/var/tmp/$T-watched" ]'`,
      undo: String.raw`end_of j-watched; rm -f "/var/tmp/$T-watched"`,
      traces: [{ text: "/var/tmp/$T-watched" }],
    },
    {
      name: "j-killed-guard",
      what: "a file that a guard makes when the process that it guards is killed",
      before: String.raw`daemon_of j-killed-guard "$W/bin/perl -e 'sleep 3600' j-ward & echo \$! > '$D/ward'; wait \$!; echo gone > /var/tmp/$T-guard; while :; do sleep 100; done"; wait_for "$D/ward"`,
      act: String.raw`kill -9 "$(cat "$D/ward")"; until_true '[ -s "/var/tmp/$T-guard" ]'`,
      undo: String.raw`end_of j-killed-guard; rm -f "/var/tmp/$T-guard"`,
      traces: [{ text: "/var/tmp/$T-guard" }],
    },
    {
      name: "j-hangup",
      what: "a log that a daemon begins anew because the job sent it a hangup",
      before: String.raw`daemon_of j-hangup "trap 'echo again >> $D/reopened' HUP; while :; do sleep 0.2; done"`,
      act: String.raw`kill -HUP "$(cat "$W/kept/j-hangup.pid")"; until_true '[ -s "$D/reopened" ]'`,
      undo: "end_of j-hangup",
      traces: [{ text: "$D/reopened" }],
    },
  ],
};
