import { atGate, fleeing } from "./endless-job.ts";

/**
 * Jobs that do not want to be stopped, found, ended or wiped. Each says `ready` by a file once it does what it is there
 * for, and each ends by itself after a minute of CPU, should a test forget it.
 */
export interface HostileJob {
  readonly name: string;
  readonly script: string;
  /** It works only with root's rights, which a job has under the `process` driver of an agent that runs as root. */
  readonly rootOnly?: boolean;
  /** It waits for a file `go` until a limit on its processes holds. */
  readonly bomb?: boolean;
  /** It is over once it has taken more than it may; there is nothing to freeze. */
  readonly endsItself?: boolean;
  /** Nothing of one of its processes tells whose it is, so it says in a file `fled` what its pid is. It waits at a gate. */
  readonly flees?: boolean;
}

const burn = "ulimit -t 60; while :; do :; done";
const ready = "echo > ready";

/** Where a job that writes outside its workspace tries to; the file's name is in `$MARK`. */
export const outsideDirectories = ["/tmp", "/var/tmp", "/dev/shm"] as const;

export const hostileJobs: readonly HostileJob[] = [
  { name: "ignores TERM, HUP and INT", script: `trap '' TERM HUP INT; ${ready}; ${burn}` },
  {
    name: "double-forks into a new session, and again",
    script: `(setsid sh -c '(setsid sh -c "(${ready}; ${burn}) &" &)' &); ${burn}`,
  },
  {
    name: "forks without pause from sixteen places",
    script: `spin() { if [ $1 -lt 4 ]; then spin $(($1 + 1)) & spin $(($1 + 1)); else ulimit -t 60; while :; do (:); done; fi; }
      ${ready}; spin 0`,
  },
  {
    name: "is a fork bomb (in 100 processes at most)",
    script: `until [ -e go ]; do read -t 1 x 2>/dev/null; done; ulimit -t 60; ${ready}; bomb() { bomb | bomb & }; bomb; ${burn}`,
    bomb: true,
  },
  {
    name: "clears its environment in new sessions",
    script: `env -i setsid sh -c '${ready}; ${burn}' & exec env -i sh -c '${burn}'`,
  },
  {
    // All of it between two looks.
    name: "leaves its environment, session and parent at once",
    script: `${atGate}; ${fleeing("fled")}; until [ -s fled ]; do :; done; ${ready}; ${burn}`,
    flees: true,
  },
  {
    name: "holds deleted files open",
    script: `exec 9>gone; rm gone; head -c 1M /dev/zero >&9; ${ready}; ${burn}`,
  },
  {
    name: "stops and continues itself and its siblings",
    script: `sh -c 'trap "" TERM; ulimit -t 60; while :; do kill -STOP $$; done' & one=$!
      sh -c 'trap "" TERM; ${burn}' & two=$!
      ${ready}; ulimit -t 60; while :; do kill -CONT $one; kill -STOP $two; kill -CONT $two; done`,
  },
  {
    name: "is two that start each other again",
    script: `cat > guard <<'END'
trap '' TERM HUP
echo $$ > $1.new && mv $1.new $1.pid
n=0
while [ $n -lt 4000 ]; do
  n=$((n + 1))
  [ -e a.pid ] && [ -e b.pid ] && echo > ready
  if ! kill -0 "$(cat $2.pid)" 2>/dev/null && [ "$(wc -l < births)" -lt 60 ]; then
    echo $2 >> births
    setsid sh ./guard $2 $1 &
    sleep 0.05
  fi
done
END
      touch births; (setsid sh ./guard a b &); (setsid sh ./guard b a &); ${burn}`,
  },
  {
    name: "listens on a port of the host",
    script: `"$NODE" -e '
      require("node:net").createServer().listen(Number(process.env.PORT), "127.0.0.1", () => {
        require("node:fs").writeFileSync("ready", "");
      });
      setTimeout(() => process.exit(), 60000)' & ${burn}`,
  },
  {
    name: "writes outside its directory",
    script: `for directory in "$ELSEWHERE" ${outsideDirectories.join(" ")}; do echo > "$directory/$MARK"; done 2>/dev/null
      ${ready}; ${burn}`,
  },
  {
    name: "fills its quota",
    script: `i=0; while :; do i=$((i + 1)); head -c 512K /dev/zero > "file-$i"; done`,
    endsItself: true,
  },
  {
    name: "goes on writing after TERM",
    script: `trap 'ulimit -t 60; while :; do echo late >> late; done' TERM; ${ready}; ${burn}`,
  },
  {
    name: "makes read-only, unreadable, deep and oddly named trees, hard links, sockets and FIFOs",
    script: `mkdir -p closed/inner; echo x > closed/inner/file; ln closed/inner/file link; chmod 0 closed/inner closed
      d=deep; for i in 1 2 3 4 5 6 7 8 9 10; do d=$d/0123456789/0123456789/0123456789/0123456789; done; mkdir -p "$d"
      mkdir ./-rf "$(printf 'a\\nb')" "$(printf '\\377\\376')"; echo x > "./-rf/$(printf 'tab\\tand "quote"')"; mkfifo fifo
      "$NODE" -e 'require("node:net").createServer().listen("socket", () => process.kill(process.pid, "SIGKILL"))'
      chmod 500 deep; ${ready}; ${burn}`,
  },
  {
    name: "makes a file and a directory immutable",
    script: `mkdir fixed; echo x > fixed/file; chattr +i fixed/file fixed 2>/dev/null; ${ready}; ${burn}`,
    rootOnly: true,
  },
  {
    name: "mounts a file system in its workspace",
    script: `mkdir mounted
      unshare -Urm sh -c 'mount -t tmpfs none mounted && echo x > mounted/file && echo > ready && ${burn}' 2>/dev/null
      ${ready}; ${burn}`,
  },
  {
    name: "leaves zombies",
    script: `for i in 1 2 3 4 5 6 7 8 9; do (exit 0) & done; exec sh -c '${ready}; ${burn}'`,
  },
];
