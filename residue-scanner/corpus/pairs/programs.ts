import type { Pair } from "../pairs.ts";

/** Programs that stay, and what services do that were there. */
export const programPairs: readonly Pair[] = [
  {
    name: "start-stop",
    what: "a service stopped and started again by its script",
    needs: ["start-stop-daemon"],
    before: String.raw`tool @V-svc; start-stop-daemon --start --background --make-pidfile --pidfile "$D/pid" --exec "$W/bin/@V-svc" -- -e 'sleep 3600 while 1'; until_true 'pid_of @V-svc'`,
    act: String.raw`start-stop-daemon --stop --retry 5 --pidfile "$D/pid"; start-stop-daemon --start --background --make-pidfile --pidfile "$D/pid" --exec "$W/bin/@V-svc" -- -e 'sleep 3600 while 1'; until_true 'pid_of @V-svc'`,
    undo: String.raw`rm -f "$D/pid"`,
    traces: [
      { text: "@V-svc", change: "appeared" },
      { text: "$W/bin/@V-svc", change: "appeared" },
    ],
  },
  {
    name: "tmux",
    what: "a session of tmux left detached",
    needs: ["tmux"],
    act: String.raw`env -i TMUX_TMPDIR="$D" PATH="$PATH" HOME=/ tmux -f /dev/null -S "$D/@X-tmux" new-session -d 'sleep 3600'`,
    undo: String.raw`tmux -S "$D/@X-tmux" kill-server 2>/dev/null || :`,
    traces: [{ text: "$D/@X-tmux" }],
  },
  {
    name: "redis",
    what: "a data base saved to disk at a client's wish",
    needs: ["redis-server", "redis-cli"],
    before: String.raw`cp --dereference "$(command -v redis-server)" "$W/bin/@V-redis"; cd "$D"; setsid -f "$W/bin/@V-redis" --port 0 --unixsocket "$D/sock" --save '' --dir "$D" </dev/null >/dev/null 2>&1; until_true 'redis-cli -s "$D/sock" ping 2>/dev/null | grep -q PONG'`,
    act: String.raw`redis-cli -s "$D/sock" set key value >/dev/null; redis-cli -s "$D/sock" bgsave >/dev/null; until_true '[ -s "$D/dump.rdb" ]'`,
    undo: String.raw`rm -f "$D/sock" "$D/dump.rdb"`,
    traces: [{ text: "$D/dump.rdb" }],
  },
  {
    name: "crontab-editor",
    what: "a crontab changed through its editor",
    needs: ["crontab"],
    before: String.raw`case @X in "$T") u=lp;; *) u=news;; esac; crontab -u $u -l >/dev/null 2>&1 && refuse "has one"; echo "0 0 30 2 * /opt/@X/by-hand" | crontab -u $u -; printf '#!/bin/sh\nsleep 1.1\necho "0 0 30 2 * /opt/@X/by-editor" >> "$1"\n' > "$D/editor"; chmod 755 "$D/editor"`,
    act: String.raw`case @X in "$T") u=lp;; *) u=news;; esac; sleep 1; EDITOR="$D/editor" VISUAL="$D/editor" crontab -u $u -e 2>&1`,
    undo: String.raw`case @X in "$T") u=lp;; *) u=news;; esac; if crontab -u $u -l 2>/dev/null | grep -q -F "/opt/@X/"; then crontab -u $u -r; fi`,
    traces: [{ text: "/opt/@X/by-editor" }],
  },
  {
    name: "asked-listen",
    what: "a listener that a service opens when it is asked by a named pipe",
    before: String.raw`mkfifo "$D/pipe"; py_away @X-lis "
import os, socket, time
ready(); f = open('$D/pipe'); f.readline(); s = socket.socket(); s.bind(('$A.@9', $P)); s.listen(); open('$D/ok', 'w').write('x')
while True: time.sleep(3600)
"`,
    act: String.raw`echo x > "$D/pipe"; until_true '[ -s "$D/ok" ]'`,
    undo: "end_of @X-lis",
    traces: [{ text: "$A.@9:$P" }],
  },
];
