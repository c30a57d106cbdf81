import type { CorpusSection } from "../item.ts";

/** What a job does to files so that they look as if it had never been there. */
export const judgedFiles: CorpusSection = {
  surface: "files, disguised",
  items: [
    {
      name: "j-relayed",
      what: "a file made by one process, moved twice by others and given away, with an old time",
      act: String.raw`py_away j-relayed "
import os
if os.fork(): os._exit(0)
os.setsid(); os.chdir('/var/tmp')
open('$T-relay.1', 'w').write('x')
ready()"
(cd /var/tmp && mv "$T-relay.1" "/var/cache/$T-relay.2") && mv "/var/cache/$T-relay.2" "/var/lib/$T-relay" && chown nobody "/var/lib/$T-relay" && touch -r /etc/passwd "/var/lib/$T-relay"`,
      undo: String.raw`rm -f "/var/tmp/$T-relay.1" "/var/cache/$T-relay.2" "/var/lib/$T-relay"`,
      traces: [{ text: "/var/lib/$T-relay" }],
    },
    {
      name: "j-sed-in-place",
      what: "a setting changed with sed -i, and the file's time put back",
      before: String.raw`for n in 1 2 3 4 5 6 7 8 9; do echo "key$n=yes"; done > "$D/conf"; touch -d 2020-01-01 "$D/conf"`,
      act: String.raw`touch -r "$D/conf" "$W/kept/j-sed"; sed -i s/key5=yes/key5=$T/ "$D/conf"; touch -r "$W/kept/j-sed" "$D/conf"`,
      undo: ":",
      traces: [{ text: "$D/conf", surface: "files" }],
    },
    {
      name: "j-one-byte",
      what: "one byte in the middle of a file overwritten, and its time put back",
      before: String.raw`head -c 100000 /dev/zero > "$D/data"; touch -d 2021-02-03 "$D/data"`,
      act: String.raw`printf X | dd of="$D/data" bs=1 seek=77777 conv=notrunc 2>/dev/null; touch -d 2021-02-03 "$D/data"`,
      undo: ":",
      traces: [{ text: "$D/data", surface: "files" }],
    },
    {
      name: "j-hole",
      what: "a hole punched into a file, of the same size after as before",
      needs: ["fallocate"],
      before: String.raw`head -c 200000 /dev/urandom > "$D/data"`,
      act: String.raw`fallocate -p -o 8192 -l 65536 "$D/data"`,
      undo: ":",
      traces: [{ text: "$D/data", surface: "files" }],
    },
    {
      name: "j-link-target",
      what: "a symbolic link that leads elsewhere, with a target as long as before",
      before: String.raw`mkdir "$D/v1" "$D/v2"; ln -s v1 "$D/current"`,
      act: String.raw`ln -sfn v2 "$D/current"`,
      undo: ":",
      traces: [{ text: "$D/current", surface: "files" }],
    },
    {
      name: "j-spaces",
      what: "a directory whose name is spaces and dots",
      act: String.raw`mkdir -p "/usr/share/$T ... "; echo x > "/usr/share/$T ... / "`,
      undo: String.raw`rm -rf "/usr/share/$T ... "`,
      traces: [{ text: "/usr/share/$T" }],
    },
    {
      name: "j-escape",
      what: "a name with an escape sequence, a newline and a byte that is no character",
      act: String.raw`n=$(printf '/srv/%s\033[2K\n\377-' "$T"); echo x > "$n"`,
      undo: String.raw`rm -f "$(printf '/srv/%s\033[2K\n\377-' "$T")"`,
      traces: [{ text: "/srv/$T" }],
    },
    {
      name: "j-copytruncate",
      what: "a log emptied and filled again to its size",
      before: String.raw`for n in 1 2 3 4 5 6 7 8; do echo "line $n of a log"; done > "$D/app.log"`,
      act: String.raw`: > "$D/app.log"; for n in 1 2 3 4 5 6 7 8; do echo "lime $n of a log"; done >> "$D/app.log"`,
      undo: ":",
      traces: [{ text: "$D/app.log", surface: "files" }],
    },
    {
      name: "j-xattr-back",
      what: "an attribute at a file whose times are put back",
      before: String.raw`echo x > "$D/marked"`,
      act: String.raw`py "
import os, sys
p = sys.argv[2]; s = os.stat(p)
os.setxattr(p, 'user.$T', b'1'); os.utime(p, ns=(s.st_atime_ns, s.st_mtime_ns))" "$D/marked"`,
      undo: ":",
      traces: [{ text: "$D/marked", surface: "files" }],
    },
    {
      name: "j-setgid-folder",
      what: "a directory that gives its group to whatever is made in it",
      before: String.raw`mkdir "$D/shared"`,
      act: String.raw`chmod g+s "$D/shared"`,
      undo: ":",
      traces: [{ text: "$D/shared", surface: "files" }],
    },
    {
      name: "j-flags",
      what: "flags of a directory that change how it is written",
      needs: ["chattr"],
      before: String.raw`mkdir "$D/synced"`,
      act: String.raw`chattr +SD "$D/synced"`,
      undo: String.raw`[ ! -e "$D/synced" ] || chattr -SD "$D/synced"`,
      traces: [{ text: "$D/synced", surface: "files" }],
    },
    {
      name: "j-unpacked",
      what: "an archive unpacked with the owners and times that it holds",
      act: String.raw`mkdir -p "$W/kept/j-tar/$T-tree/a/b"; echo x > "$W/kept/j-tar/$T-tree/a/b/c"; chown -R 1234:1234 "$W/kept/j-tar"; touch -d 2001-01-01 "$W/kept/j-tar/$T-tree/a/b/c"; tar -C "$W/kept/j-tar" -cf - "$T-tree" | tar -C /srv -xpf -`,
      undo: String.raw`rm -rf "/srv/$T-tree"`,
      traces: [{ text: "/srv/$T-tree" }],
    },
    {
      name: "j-installed-setuid",
      what: "a program that runs as somebody else, laid down by install(1)",
      act: String.raw`install -D -o nobody -m 4755 "$W/bin/job" "/usr/local/libexec/$T/run"`,
      undo: String.raw`rm -rf "/usr/local/libexec/$T"; rmdir --ignore-fail-on-non-empty /usr/local/libexec 2>/dev/null || :`,
      traces: [{ text: "/usr/local/libexec/$T" }, { text: "/usr/local/libexec" }],
    },
    {
      name: "j-same-again",
      what: "a file removed and made anew with the same content, mode and times",
      before: String.raw`echo same > "$D/same"; touch -d 2019-09-09 "$D/same"`,
      act: String.raw`cp -p "$D/same" "$D/.same.new"; rm "$D/same"; mv "$D/.same.new" "$D/same"`,
      undo: ":",
      traces: [{ text: "$D/same", surface: "files" }],
    },
    {
      name: "j-exchanged",
      what: "two directories that changed places in one call",
      before: String.raw`mkdir "$D/a" "$D/b"; echo a > "$D/a/in"; echo b > "$D/b/in"`,
      act: String.raw`py "
import ctypes, sys
c = ctypes.CDLL(None, use_errno=True)
sys.exit(c.renameat2(-100, sys.argv[2].encode(), -100, sys.argv[3].encode(), 2))" "$D/a" "$D/b"`,
      undo: ":",
      traces: [
        { text: "$D/a", surface: "files" },
        { text: "$D/b", surface: "files" },
      ],
    },
    {
      name: "j-one-of-many",
      what: "one file left of three thousand, in a directory renamed afterwards",
      act: String.raw`py "
import os
d = '/var/lib/$T-many'; os.mkdir(d + '.tmp')
for n in range(3000): open(f'{d}.tmp/{n}', 'w').close()
for n in range(3000):
    if n != 1717: os.unlink(f'{d}.tmp/{n}')
os.rename(d + '.tmp', d)"`,
      undo: String.raw`rm -rf "/var/lib/$T-many" "/var/lib/$T-many.tmp"`,
      traces: [{ text: "/var/lib/$T-many" }],
    },
    {
      name: "j-removed-deep",
      what: "a file removed from the depth of a tree",
      before: String.raw`mkdir -p "$D/x/y/z"; echo precious > "$D/x/y/z/deed"`,
      act: String.raw`rm -f "$D/x/y/z/deed"`,
      undo: ":",
      traces: [{ text: "$D/x/y/z/deed", surface: "files" }],
    },
    {
      name: "j-crowd",
      what: "a file left where somebody else makes and removes files all the while",
      act: String.raw`C="$W/p/bj-crowd"; [ -d "$C" ] || C="$D"; echo x > "$C/tmp.$T"`,
      undo: ":",
      traces: [{ text: "tmp.$T" }],
    },
    {
      name: "j-repository",
      what: "a commit and a setting in somebody's repository",
      needs: ["git"],
      before: String.raw`git init -q "$D/repo"; git -C "$D/repo" -c user.name=a -c user.email=a@b commit -q --allow-empty -m one`,
      act: String.raw`echo x > "$D/repo/f"; git -C "$D/repo" add f; git -C "$D/repo" -c user.name=a -c user.email=a@b commit -q -m two; git -C "$D/repo" config core.pager "$T"`,
      undo: ":",
      traces: [{ text: "$D/repo/.git/config" }],
    },
    {
      name: "j-database",
      what: "a row in somebody's database, with its write-ahead log",
      needs: ["sqlite3"],
      before: String.raw`sqlite3 "$D/db" "pragma journal_mode=wal; create table t(a)" >/dev/null`,
      act: String.raw`sqlite3 "$D/db" "insert into t values ('$T')"`,
      undo: ":",
      traces: [{ text: "$D/db", surface: "files" }],
    },
    {
      name: "j-core",
      what: "the core dump of a process that was killed by a signal",
      act: String.raw`mkdir -p "/var/tmp/$T-core"; cd "/var/tmp/$T-core"; (ulimit -c unlimited; "$W/bin/perl" -e 'kill 11, $$' ) || :; [ -n "$(ls "/var/tmp/$T-core")" ] || refuse "this host writes cores elsewhere"`,
      undo: String.raw`rm -rf "/var/tmp/$T-core"`,
      traces: [{ text: "/var/tmp/$T-core" }],
    },
    {
      name: "j-system-gitconfig",
      what: "a setting for everybody's git, written by git under a lock",
      needs: ["git"],
      before: String.raw`keep /etc/gitconfig; cp -p /etc/gitconfig "$D/was"`,
      act: String.raw`git config --file /etc/gitconfig "$T.key" value`,
      undo: String.raw`[ ! -e "$D/was" ] || ! grep -q -F "$T" /etc/gitconfig || { cat "$D/was" > /etc/gitconfig; touch -r "$D/was" /etc/gitconfig; }`,
      traces: [{ text: "/etc/gitconfig" }],
    },
  ],
};
