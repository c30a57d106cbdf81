import type { CorpusItem, CorpusSection } from "../item.ts";

function used(name: string, what: string, more: Pick<CorpusItem, "act"> & Partial<CorpusItem>): CorpusItem {
  return { name, what, undo: String.raw`rm -rf "$D/a"`, traces: [{ text: "$D/a" }], ...more };
}

/** Programs that people and services really use, with all the files and processes that come and go with them. */
export const othersPrograms: CorpusSection = {
  surface: "others' programs",
  items: [
    used("bn-tmux", "windows of somebody's tmux, and what is typed there", {
      needs: ["tmux"],
      before: String.raw`mkdir "$D/a"; env -i PATH="$PATH" HOME="$D" TERM=xterm setsid tmux -S "$D/socket" -f /dev/null new-session -d -s old sh`,
      act: String.raw`tmux -S "$D/socket" send-keys -t old "echo theirs > '$D/a/typed'" Enter; tmux -S "$D/socket" new-window -d "echo theirs > '$D/a/window'"; wait_for "$D/a/typed"; wait_for "$D/a/window"`,
      steady: String.raw`tmux -S "$D/socket" new-window -d "date > '$D/a/again'"`,
      undo: String.raw`[ ! -e "$D/socket" ] || tmux -S "$D/socket" kill-server || :; rm -rf "$D/a" "$D/socket"`,
      traces: ["typed", "window", "again"].map((file) => ({ text: `$D/a/${file}` })),
    }),
    used("bn-git", "commits, and the collection of what they leave", {
      needs: ["git"],
      before: String.raw`git init -q "$D/a"; cd "$D/a"; git config user.email x@example.org; git config user.name x; git config gc.auto 0; echo 1 > f; git add f; git commit -q -m 1`,
      act: String.raw`cd "$D/a"; export HOME="$D"; echo 2 >> f; git commit -q -a -m 2; git gc -q --force`,
      steady: String.raw`cd "$D/a"; export HOME="$D"; date >> f; git commit -q -a -m more; git gc -q --prune=now`,
      traces: [
        { text: "$D/a" },
        { text: "$D/a/.git" },
        { text: "$D/a/.git/objects" },
        { text: "$D/a/.git/objects/pack" },
      ],
    }),
    used("bn-vim", "an editor with its swap file, and a crashed one's swap file", {
      needs: ["vim"],
      before: String.raw`mkdir "$D/a"; echo old > "$D/a/text"`,
      act: String.raw`vim -es -u NONE -c 'normal! Gonew' -c wq "$D/a/text"; echo swap > "$D/a/.other.swp"`,
      steady: String.raw`vim -es -u NONE -c 'normal! Gonew' -c wq "$D/a/text"`,
      traces: ["text", ".other.swp"].map((file) => ({ text: `$D/a/${file}` })),
    }),
    used("bn-database", "a database with a journal beside it", {
      needs: ["sqlite3"],
      before: String.raw`mkdir "$D/a"; sqlite3 "$D/a/db" 'pragma journal_mode = wal; create table t (x)' > /dev/null`,
      act: String.raw`sqlite3 "$D/a/db" 'insert into t values (1)'`,
      steady: String.raw`sqlite3 "$D/a/db" 'insert into t values (2)'`,
      traces: ["db", "db-wal", "db-shm"].map((file) => ({ text: `$D/a/${file}` })),
    }),
    used("bn-keys-agent", "an agent that keeps keys", {
      needs: ["ssh-agent"],
      before: String.raw`mkdir "$D/a"`,
      act: String.raw`ssh-agent -a "$D/a/agent" > "$D/a/said"`,
      undo: String.raw`pid=$(sed -n 's/.*SSH_AGENT_PID=\([0-9]*\);.*/\1/p' "$D/a/said" 2>/dev/null); [ -z "$pid" ] || kill "$pid"; rm -rf "$D/a"`,
      traces: [{ text: "$D/a/agent" }, { text: "ssh-agent", surface: "processes" }],
    }),
    used("bn-workers", "workers that a program forks, with semaphores between them", {
      needs: ["python3"],
      before: String.raw`mkdir "$D/a"`,
      act: String.raw`python3 -c 'import multiprocessing as m, sys
def work(x): open(sys.argv[1] + "/" + str(x), "w").write("x")
with m.Pool(3) as p: p.map(work, range(9))' "$D/a"`,
      traces: [{ text: "$D/a/1" }, { text: "$D/a" }],
    }),
    used("bn-server", "a database in memory that writes itself down by a child", {
      needs: ["redis-server", "redis-cli"],
      before: String.raw`mkdir "$D/a"; tool bn-server; cd "$D/a"; setsid redis-server --port 0 --unixsocket "$D/a/socket" --save "" --appendonly yes --dir "$D/a" --pidfile "$D/a/pid" --daemonize yes > /dev/null; until_true '[ -S "$D/a/socket" ]'`,
      act: String.raw`redis-cli -s "$D/a/socket" set a b > /dev/null; redis-cli -s "$D/a/socket" bgsave > /dev/null`,
      steady: String.raw`redis-cli -s "$D/a/socket" set a c > /dev/null; redis-cli -s "$D/a/socket" bgsave > /dev/null`,
      undo: String.raw`[ ! -S "$D/a/socket" ] || redis-cli -s "$D/a/socket" shutdown nosave || :; rm -rf "$D/a"`,
      traces: ["dump.rdb", "appendonlydir", "appendonlydir/appendonly.aof.1.incr.aof"].map((file) => ({
        text: `$D/a/${file}`,
      })),
    }),
    used("bn-debugger", "a debugger that looks at somebody's own process", {
      needs: ["gdb", "pgrep"],
      before: String.raw`tool bn-debugged; daemon bn-debugged hold nothing`,
      act: String.raw`gdb -nx -batch -p "$(pid_of bn-debugged)" -ex 'info proc' > /dev/null 2>&1`,
      traces: [{ text: "$W/bin/bn-debugged", surface: "processes" }],
    }),
    used("bn-own-hook", "a script of somebody's own that their service runs, to which they add a line", {
      needs: ["pgrep"],
      before: String.raw`mkdir "$D/a"; : > "$D/a/hook"; tool bn-own-hook; setsid "$W/bin/bn-own-hook" -e 'while (1) { system("/bin/sh", "$ARGV[0]/hook"); select(undef, undef, undef, 0.2) }' "$D/a" </dev/null >/dev/null 2>&1 &`,
      act: String.raw`echo "echo theirs > '$D/a/theirs'" >> "$D/a/hook"; wait_for "$D/a/theirs"`,
      traces: [{ text: "$D/a/hook" }, { text: "$D/a/theirs" }],
    }),
    used("bn-port", "a port that somebody adds to their own bridge", {
      needs: ["ip"],
      before: String.raw`ip link add "$N-bnm" type bridge || refuse "no bridges"`,
      act: String.raw`ip link add "$N-bnp" type veth peer name "$N-bnq"; ip link set "$N-bnp" master "$N-bnm"; ip link set "$N-bnp" up; ip link set "$N-bnm" up`,
      undo: String.raw`for link in "$N-bnp" "$N-bnm"; do [ ! -e "/sys/class/net/$link" ] || ip link del "$link"; done`,
      traces: [{ text: "$N-bnm" }, { text: "$N-bnp" }, { text: "$N-bnq" }],
    }),
  ],
};
