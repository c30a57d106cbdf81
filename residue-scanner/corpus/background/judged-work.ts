import type { CorpusSection } from "../item.ts";

/** What people and programs do on a host all day, and looks like what jobs leave. */
export const judgedWork: CorpusSection = {
  surface: "a working day of others",
  items: [
    {
      name: "bj-crowd",
      what: "files made and removed all the while in a directory where the job leaves one",
      act: String.raw`for n in 1 2 3 4 5; do echo x > "$D/own.$n"; done`,
      steady: String.raw`for n in 1 2 3 4 5 6 7 8; do echo x > "$D/passing.$n"; done; rm -f "$D"/passing.*`,
      undo: ":",
      traces: [{ text: "$D/own.1" }, { text: "$D/own.5" }],
    },
    {
      name: "bj-package",
      what: "a package built and installed",
      needs: ["dpkg-deb"],
      before: String.raw`mkdir "$D/was"; cd /var/lib/dpkg; cp -p status-old "$D/status-old"; for f in status status-old lock lock-frontend triggers/Lock triggers/Unincorp info updates triggers .; do [ ! -e "$f" ] || touch -r "$f" "$D/was/$(echo "$f" | tr / _)~"; done`,
      act: String.raw`mkdir -p "$D/p/DEBIAN" "$D/p/usr/share/$N-pkg"; printf 'Package: %s-pkg\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n' "$N" > "$D/p/DEBIAN/control"; echo x > "$D/p/usr/share/$N-pkg/f"; dpkg-deb -b "$D/p" "$D/p.deb" >/dev/null; dpkg -i "$D/p.deb" >/dev/null 2>&1`,
      undo: String.raw`[ ! -e "/var/lib/dpkg/info/$N-pkg.list" ] || dpkg -P "$N-pkg" >/dev/null 2>&1; cd /var/lib/dpkg; cmp -s "$D/status-old" status-old || cat "$D/status-old" > status-old; for f in status status-old lock lock-frontend triggers/Lock triggers/Unincorp info updates triggers .; do was="$D/was/$(echo "$f" | tr / _)~"; [ ! -e "$was" ] || touch -r "$was" "$f"; done`,
      traces: [{ text: "/usr/share/$N-pkg" }, { text: "/var/lib/dpkg/info/$N-pkg.list" }, { text: "$N-pkg" }],
    },
    {
      name: "bj-rotated",
      what: "logs rotated and compressed, and the program told",
      before: String.raw`for n in 1 2 3; do echo "$n" >> "$D/app.log"; done; daemon_of bj-rotated "trap ': > $D/app.log' HUP; while :; do sleep 0.2; done"`,
      act: String.raw`mv "$D/app.log" "$D/app.log.1"; kill -HUP "$(cat "$W/kept/bj-rotated.pid")"; until_true '[ -e "$D/app.log" ]'; gzip "$D/app.log.1"`,
      undo: "end_of bj-rotated",
      traces: [{ text: "$D/app.log" }, { text: "$D/app.log.1" }, { text: "$D/app.log.1.gz" }],
    },
    {
      name: "bj-editor",
      what: "a file saved by an editor, with its swap file and backup",
      before: String.raw`echo one > "$D/notes.txt"`,
      act: String.raw`echo swap > "$D/.notes.txt.swp"; echo probe > "$D/4913"; rm "$D/4913"; mv "$D/notes.txt" "$D/notes.txt~"; echo two > "$D/notes.txt"; chmod 600 "$D/notes.txt"`,
      undo: ":",
      traces: [{ text: "$D/notes.txt" }, { text: "$D/notes.txt~" }, { text: "$D/.notes.txt.swp" }],
    },
    {
      name: "bj-build",
      what: "a program compiled and installed",
      needs: ["gcc"],
      act: String.raw`echo 'int main(void){return 0;}' > "$D/a.c"; gcc -c -o "$D/a.o" "$D/a.c"; gcc -o "$D/a" "$D/a.o"; install -m 755 "$D/a" "/usr/local/bin/$N-built"`,
      undo: String.raw`rm -f "/usr/local/bin/$N-built"`,
      traces: [{ text: "$D/a.o" }, { text: "$D/a" }, { text: "/usr/local/bin/$N-built" }],
    },
    {
      name: "bj-packed",
      what: "a repository packed anew",
      needs: ["git"],
      before: String.raw`git init -q "$D/repo"; for n in 1 2 3; do echo $n > "$D/repo/f"; git -C "$D/repo" add f; git -C "$D/repo" -c user.name=a -c user.email=a@b commit -q -m $n; done`,
      act: String.raw`git -C "$D/repo" -c gc.auto=0 gc -q; git -C "$D/repo" config core.pager "$N"`,
      undo: ":",
      traces: [{ text: "$D/repo" }, { text: "$D/repo/.git/config" }, { text: "$D/repo/.git/packed-refs" }],
    },
    {
      name: "bj-terminal",
      what: "a session with a terminal of its own",
      act: String.raw`py_away bj-terminal "
import os, pty, time
m, s = pty.openpty()
if os.fork() == 0:
    os.setsid(); os.dup2(s, 0); os.execv('$W/bin/perl', ['$N-pty', '-e', 'sleep 3600'])
ready()
while True: time.sleep(1000)"`,
      undo: "end_of bj-terminal",
      traces: [{ text: "$N-pty" }, { text: "$W/scripts/bj-terminal" }],
    },
    {
      name: "bj-restarted",
      what: "a service restarted, on its old port, with its process id in a file",
      before: String.raw`tool "$N-rst"; daemon "$N-rst" hold tcp $A.71 8071; pid_of "$N-rst" > "$D/pid"`,
      act: String.raw`kill -9 "$(pid_of "$N-rst")"; until_true '! pid_of "$N-rst" >/dev/null'; daemon "$N-rst" hold tcp $A.71 8071; pid_of "$N-rst" > "$D/pid"`,
      undo: ":",
      traces: [{ text: "$N-rst" }, { text: "$A.71:8071" }, { text: "$D/pid" }],
    },
    {
      name: "bj-window",
      what: "a window in a terminal multiplexer, opened by its owner",
      needs: ["tmux"],
      before: String.raw`[ -e "$W/bin/tmux" ] || cp /usr/bin/tmux "$W/bin/tmux"; "$W/bin/tmux" -S "$D/sock" -f /dev/null new-session -d "exec $W/bin/perl -e 'sleep 3600'"; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`"$W/bin/tmux" -S "$D/sock" new-window -d "echo x > /var/tmp/$N-window; exec $W/bin/perl -e 'sleep 3600' $N-win"; until_true '[ -s "/var/tmp/$N-window" ]'`,
      undo: String.raw`rm -f "/var/tmp/$N-window"`,
      traces: [{ text: "/var/tmp/$N-window" }, { text: "$N-win" }],
    },
    {
      name: "bj-mounted",
      what: "a file system mounted, with files",
      act: String.raw`mkdir "$D/m"; mount -t tmpfs "$N" "$D/m"; echo x > "$D/m/f"`,
      undo: String.raw`! mountpoint -q "$D/m" || umount "$D/m"`,
      traces: [{ text: "$D/m" }, { text: "$D/m/f" }],
    },
    {
      name: "bj-group",
      what: "a group added and somebody put into it",
      needs: ["groupadd", "gpasswd"],
      before: "keep /etc/group; [ ! -e /etc/gshadow ] || keep /etc/gshadow",
      act: String.raw`groupadd -g 64$C "$N-grp"; gpasswd -a games "$N-grp" >/dev/null`,
      undo: String.raw`! grep -q "^$N-grp:" /etc/group || groupdel "$N-grp"`,
      traces: [{ text: "$N-grp" }],
    },
    {
      name: "bj-inserts",
      what: "a database written to all the while",
      needs: ["sqlite3"],
      before: String.raw`sqlite3 "$D/db" "pragma journal_mode=wal; create table t(a)" >/dev/null`,
      act: String.raw`sqlite3 "$D/db" "insert into t values ('x')"`,
      steady: String.raw`sqlite3 "$D/db" "insert into t values ('y')"`,
      undo: ":",
      traces: [{ text: "$D/db" }, { text: "$D/db-wal" }],
    },
    {
      name: "bj-dumped",
      what: "a database that saves by itself, asked by its owner",
      needs: ["redis-server", "redis-cli"],
      before: String.raw`mkdir "$D/data"; cp --dereference /usr/bin/redis-server "$W/bin/$N-redis"; "$W/bin/$N-redis" --port 0 --unixsocket "$D/sock" --dir "$D/data" --daemonize yes --save "" >/dev/null; until_true '[ -S "$D/sock" ]'`,
      act: String.raw`redis-cli -s "$D/sock" set a x >/dev/null; redis-cli -s "$D/sock" bgsave >/dev/null; until_true '[ -s "$D/data/dump.rdb" ]'`,
      undo: ":",
      traces: [{ text: "$D/data/dump.rdb" }],
    },
    {
      name: "bj-download",
      what: "a download that grows and gets its name at the end",
      act: String.raw`for n in 1 2 3 4 5; do head -c 50000 /dev/zero >> "/var/cache/$N-file.part"; done; mv "/var/cache/$N-file.part" "/var/cache/$N-file"; touch -d 2015-05-05 "/var/cache/$N-file"`,
      undo: String.raw`rm -f "/var/cache/$N-file" "/var/cache/$N-file.part"`,
      traces: [{ text: "/var/cache/$N-file" }],
    },
    {
      name: "bj-backup",
      what: "a backup that reads all of a tree, and links what is unchanged",
      before: String.raw`mkdir -p "$D/src/a" "$D/old"; for n in 1 2 3 4; do echo $n > "$D/src/a/$n"; done; cp -a "$D/src/a" "$D/old/a"`,
      act: String.raw`cp -al "$D/old" "$D/new"; tar -C "$D/src" -czf "$D/src.tgz" a; tar -C /etc -cf /dev/null . 2>/dev/null || :`,
      undo: ":",
      traces: [{ text: "$D/new" }, { text: "$D/src.tgz" }, { text: "$D/old/a/1" }],
    },
    {
      name: "bj-modules",
      what: "a tree of modules replaced by another",
      before: String.raw`py "
import os
for n in range(200): os.makedirs(f'$D/node_modules/m{n}'); open(f'$D/node_modules/m{n}/index.js', 'w').write('x')"`,
      act: String.raw`py "
import os
for n in range(200): os.makedirs(f'$D/.staging/m{n}'); open(f'$D/.staging/m{n}/index.js', 'w').write('y')"; mv "$D/node_modules" "$D/.old"; mv "$D/.staging" "$D/node_modules"; rm -rf "$D/.old"`,
      undo: ":",
      traces: [{ text: "$D/node_modules" }, { text: "$D/node_modules/m7" }, { text: "$D/node_modules/m7/index.js" }],
    },
    {
      name: "bj-address",
      what: "an address and a route that leads nowhere",
      act: String.raw`ip addr add 127.9.7.$C/32 dev lo; ip route add blackhole 10.249.$C.0/24; ip rule add from 10.249.$C.1 table 254 pref 28$C; ip neigh add 10.250.1.$C lladdr 02:00:00:00:00:78 dev eth0 nud permanent`,
      undo: String.raw`ip addr del 127.9.7.$C/32 dev lo 2>/dev/null || :; ip route del blackhole 10.249.$C.0/24 2>/dev/null || :; ip rule del from 10.249.$C.1 2>/dev/null || :; ip neigh del 10.250.1.$C dev eth0 2>/dev/null || :`,
      traces: [{ text: "127.9.7.$C" }, { text: "10.249.$C.0/24" }, { text: "10.249.$C.1" }, { text: "10.250.1.$C" }],
    },
    {
      name: "bj-chain",
      what: "a chain of the packet filter with a rule",
      needs: ["iptables"],
      act: String.raw`iptables -N "$N-ch" 2>/dev/null || refuse "no packet filter"; iptables -A "$N-ch" -s 10.249.$C.1 -j DROP`,
      undo: String.raw`iptables -F "$N-ch" 2>/dev/null || :; iptables -X "$N-ch" 2>/dev/null || :`,
      traces: [{ text: "$N-ch" }],
    },
    {
      name: "bj-queue",
      what: "memory, semaphores and a message queue",
      act: String.raw`helper shm $K10 >/dev/null; helper sem $K11 >/dev/null; helper msg $K12 >/dev/null`,
      undo: String.raw`ipcrm -M $K10 2>/dev/null || :; ipcrm -S $K11 2>/dev/null || :; ipcrm -Q $K12 2>/dev/null || :`,
      traces: [
        { text: "$K10", surface: "ipc" },
        { text: "$K11", surface: "ipc" },
        { text: "$K12", surface: "ipc" },
      ],
    },
    {
      name: "bj-setting",
      what: "a setting of the kernel that an administrator changes",
      before: "keep_setting /proc/sys/net/unix/max_dgram_qlen",
      act: "echo 513 > /proc/sys/net/unix/max_dgram_qlen",
      undo: "restore_setting /proc/sys/net/unix/max_dgram_qlen",
      traces: [{ text: "net/unix/max_dgram_qlen" }, { text: "net.unix.max_dgram_qlen" }],
    },
  ],
};
