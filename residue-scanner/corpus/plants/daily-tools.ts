import type { CorpusSection } from "../item.ts";

/** What is left by the tools that people use every day, and by those that look into what others run. */
export const dailyToolPlants: CorpusSection = {
  surface: "what everyday tools leave",
  items: [
    {
      name: "v-log-doctored",
      what: "a line in the midst of a log, to which a service goes on writing, overwritten by another of the same length",
      before: String.raw`printf 'login of mallory\nlogin of alice..\n' > "$D/auth.log"; daemon_of v-log-doctored "while :; do echo 'more' >> '$D/auth.log'; sleep 0.1; done"`,
      act: String.raw`printf nobody- | dd of="$D/auth.log" bs=1 seek=9 conv=notrunc status=none`,
      undo: "end_of v-log-doctored",
      traces: [{ text: "$D/auth.log" }],
    },
    {
      name: "v-log-cleared",
      what: "a log cut to nothing, to which a service goes on writing",
      before: String.raw`printf 'login of mallory\nlogin of alice..\n' > "$D/auth.log"; daemon_of v-log-cleared "while :; do echo 'more' >> '$D/auth.log'; sleep 0.1; done"`,
      act: String.raw`: > "$D/auth.log"`,
      undo: "end_of v-log-cleared",
      traces: [{ text: "$D/auth.log" }],
    },
    {
      name: "v-dir-to-link",
      what: "a directory that became a symbolic link to its copy elsewhere",
      before: String.raw`mkdir "$D/data" "$D/else"; echo 1 > "$D/data/a"; echo 2 > "$D/data/b"`,
      act: String.raw`mv "$D/data" "$D/else/data"; ln -s else/data "$D/data"`,
      undo: ":",
      traces: [{ text: "$D/data" }, { text: "$D/else/data" }],
    },
    {
      name: "v-room-beyond-end",
      what: "room reserved behind a file's end",
      before: String.raw`echo small > "$D/blob"; touch -d @1600000000 "$D/blob"`,
      act: String.raw`fallocate -n -l 4M "$D/blob"`,
      undo: ":",
      traces: [{ text: "$D/blob" }],
    },
    {
      name: "v-atime-only",
      what: "a file whose time of reading alone was set",
      before: String.raw`echo x > "$D/read.me"`,
      act: String.raw`touch -a -d @1234567890 "$D/read.me"`,
      undo: ":",
      traces: [{ text: "$D/read.me" }],
    },
    {
      name: "v-propagation",
      what: "somebody else's mount, made shared",
      before: String.raw`mkdir "$D/mnt"; mount -t tmpfs -o size=1M none "$D/mnt"; mount --make-private "$D/mnt"`,
      act: String.raw`mount --make-shared "$D/mnt"`,
      undo: String.raw`! mountpoint -q "$D/mnt" || again umount "$D/mnt"`,
      traces: [{ text: "$D/mnt" }],
    },
    {
      name: "v-umounted",
      what: "somebody else's mount, taken away lazily",
      before: String.raw`mkdir "$D/mnt"; mount -t tmpfs -o size=1M none "$D/mnt"; echo x > "$D/mnt/x"`,
      act: String.raw`umount -l "$D/mnt"`,
      undo: String.raw`! mountpoint -q "$D/mnt" || umount "$D/mnt"`,
      traces: [{ text: "$D/mnt" }],
    },
    {
      name: "v-userns-by-fd",
      what: "a user namespace that only an open file of a process holds, whose maker has ended",
      needs: ["python3"],
      act: String.raw`py_away v-userns-by-fd 'import os,time,ctypes,signal
r,w=os.pipe()
p=os.fork()
if p==0:
    ctypes.CDLL(None).unshare(0x10000000); os.write(w,b"x"); time.sleep(1000)
os.read(r,1)
os.open("/proc/%d/ns/user"%p,os.O_RDONLY); os.kill(p,9); os.wait()
ready(); time.sleep(1000)'`,
      undo: "end_of v-userns-by-fd",
      traces: [{ text: "v-userns-by-fd" }],
    },
    {
      name: "v-gdb-file",
      what: "a file that somebody else's process made, because a debugger had it do so",
      needs: ["gdb"],
      before: 'daemon_of v-gdb-file "sleep 1000; :"',
      act: String.raw`env -i HOME=/nonexistent gdb -nx -batch -p "$(cat "$W/kept/v-gdb-file.pid")" -ex "call (int)creat(\"$D/by-other\", 0644)" >/dev/null 2>&1; [ -e "$D/by-other" ]`,
      undo: "end_of v-gdb-file",
      traces: [{ text: "$D/by-other" }],
    },
    {
      name: "v-git-hook",
      what: "a hook and a remote in somebody else's repository",
      needs: ["git"],
      before: String.raw`HOME=/nonexistent git init -q "$D/repo"`,
      act: String.raw`printf '#!/bin/sh\ntrue\n' > "$D/repo/.git/hooks/post-commit"; chmod +x "$D/repo/.git/hooks/post-commit"; HOME=/nonexistent git -C "$D/repo" config remote.origin.url https://evil.example/`,
      undo: ":",
      traces: [{ text: "$D/repo/.git/config" }],
    },
    {
      name: "v-sqlite",
      what: "a row in somebody else's database, which keeps a write-ahead log",
      needs: ["sqlite3"],
      before: String.raw`sqlite3 "$D/app.db" "pragma journal_mode=wal; create table t(x); insert into t values (1)" >/dev/null`,
      act: String.raw`sqlite3 "$D/app.db" "insert into t values (2)"`,
      undo: ":",
      traces: [{ text: "$D/app.db" }],
    },
    {
      name: "v-vim",
      what: "a file changed by vim(1), with its backup and its undo file",
      needs: ["vim"],
      before: String.raw`echo old > "$D/notes"`,
      act: String.raw`HOME=/nonexistent vim -u NONE -es -c "set backup undofile" -c "normal oplanted" -c "wq" "$D/notes" || :; grep -q planted "$D/notes"`,
      undo: ":",
      traces: [{ text: "$D/notes" }],
    },
    {
      name: "v-statoverride",
      what: "dpkg(1) told to keep another mode of a file",
      needs: ["dpkg-statoverride"],
      before: String.raw`cd /var/lib/dpkg; cp -p statoverride "$D/was"; [ ! -e statoverride-old ] || cp -p statoverride-old "$D/old"`,
      act: String.raw`dpkg-statoverride --add root root 4755 "$D/some-program"`,
      undo: String.raw`[ ! -e "$D/was" ] || ! grep -q "$D/some" /var/lib/dpkg/statoverride || { dpkg-statoverride --remove "$D/some-program" >/dev/null; cp -p "$D/was" /var/lib/dpkg/statoverride; rm -f /var/lib/dpkg/statoverride-old; [ ! -e "$D/old" ] || cp -p "$D/old" /var/lib/dpkg/statoverride-old; }`,
      traces: [{ text: "/var/lib/dpkg/statoverride" }, { text: "$D/some-program" }],
    },
    {
      name: "v-gpg-agent",
      what: "an agent of GnuPG, and its directory",
      needs: ["gpg-agent", "gpgconf"],
      before: String.raw`mkdir -m 700 "$D/gnupg"`,
      act: String.raw`gpg-agent --homedir "$D/gnupg" --daemon >/dev/null 2>&1`,
      undo: String.raw`gpgconf --homedir "$D/gnupg" --kill gpg-agent || :; rm -rf "$D/gnupg"`,
      traces: [{ text: "$D/gnupg" }, { text: "$D/gnupg/S.gpg-agent" }],
    },
    {
      name: "v-by-fifo",
      what: "a file that a service wrote because it read the order from a FIFO",
      before: String.raw`mkfifo "$D/orders"; daemon_of v-by-fifo "while :; do while read -r x; do echo \"\$x\" > '$D/by-fifo'; done < '$D/orders'; done"`,
      act: String.raw`echo order > "$D/orders"; wait_for "$D/by-fifo"`,
      undo: "end_of v-by-fifo",
      traces: [{ text: "$D/by-fifo" }],
    },
    {
      name: "v-by-http",
      what: "a file that somebody else's web server wrote, which forks for each request",
      needs: ["python3"],
      before: String.raw`py_away v-by-http 'import http.server,socketserver,sys,time
class H(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        b=self.rfile.read(int(self.headers["content-length"])); open(sys.argv[2],"wb").write(b)
        self.send_response(201); self.send_header("content-length","0"); self.end_headers()
    def log_message(self,*a): pass
class S(socketserver.ForkingMixIn,http.server.HTTPServer): pass
s=S((sys.argv[3],8077),H); ready(); s.serve_forever()' "$D/uploaded" "$A.78"`,
      act: String.raw`py 'import http.client,sys
c=http.client.HTTPConnection(sys.argv[2],8077); c.request("PUT","/x","body"); assert c.getresponse().status==201' "$A.78"; wait_for "$D/uploaded"`,
      undo: "end_of v-by-http",
      traces: [{ text: "$D/uploaded" }],
    },
    {
      name: "v-late",
      what: "a file that an orphan in a session of its own, without an environment, writes seconds later, when nothing of its kin runs",
      needs: ["setsid"],
      act: String.raw`env -i setsid -f sh -c 'sleep 2; echo late > "$1"' "$W/scripts/" "$D/late" </dev/null >/dev/null 2>&1`,
      undo: ":",
      traces: [{ text: "$D/late" }],
    },
  ],
};
