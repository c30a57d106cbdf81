import type { CorpusItem, CorpusSection } from "../item.ts";

function written(name: string, what: string, act: string, more: Partial<CorpusItem> = {}): CorpusItem {
  return { name, what, act, undo: 'rm -f "$D/left"', traces: [{ text: "$D/left" }], ...more };
}

/** A process of somebody's, or the job's, that runs a program of Python's from a copy, so that it is known by its name. */
const snake = (name: string, program: string) =>
  `cp --dereference "$(command -v python3)" "$W/bin/${name}"
setsid "$W/bin/${name}" -c '${program}' "$D" </dev/null >/dev/null 2>&1 &
wait_for "$D/ready"`;

/** Ordinary things, by ways that few take. */
export const uncommonWays: CorpusSection = {
  surface: "by ways that few take",
  items: [
    written(
      "q-core-helper",
      "a file by a program to which the kernel piped a crash, as the job had set",
      String.raw`was=$(cat /proc/sys/kernel/core_pattern)
printf '|/usr/bin/tee %s/left' "$D" > /proc/sys/kernel/core_pattern
(sh -c 'kill -SEGV $$') || :
printf '%s' "$was" > /proc/sys/kernel/core_pattern
wait_for "$D/left"`,
      {
        before: 'cat /proc/sys/kernel/core_pattern > "$D/was"',
        undo: '[ ! -s "$D/was" ] || cat "$D/was" > /proc/sys/kernel/core_pattern; rm -f "$D/left"',
      },
    ),
    written(
      "q-request-key",
      "a file by what the kernel runs to find a key",
      String.raw`[ ! -e /sbin/request-key ] || refuse "there is one"
printf '#!/bin/sh\necho left > %s/left\n' "$D" > /sbin/request-key; chmod 755 /sbin/request-key
kernel request-key "$T-none"
rm -f /sbin/request-key; wait_for "$D/left"`,
      { undo: 'rm -f "$D/left"; ! grep -q -s -e "$D" /sbin/request-key || rm -f /sbin/request-key' },
    ),
    written(
      "q-sister",
      "a file by a sister of the job's process (CLONE_PARENT)",
      String.raw`kernel sister "$D/left"; wait_for "$D/left"`,
    ),
    written(
      "q-after-job",
      "a file that a daemon writes when the job has ended",
      String.raw`kernel when-gone $PPID "$D/left"`,
    ),
    written(
      "q-real-time",
      "a file that a service wrote because the job sent it a real-time signal",
      'kill -s RTMIN+1 "$(pid_of q-real-time)"; wait_for "$D/left"',
      { needs: ["pgrep"], before: 'tool q-real-time; kernel_daemon q-real-time serve-signals "$D/left" NUM35' },
    ),
    {
      name: "q-mapped-gone",
      what: "a deleted file that a daemon has mapped only",
      needs: ["python3"],
      act: snake(
        "q-mapped",
        `import mmap, os, sys, time
f = open(sys.argv[1] + "/gone", "w+b"); f.write(bytes(4096)); f.flush(); m = mmap.mmap(f.fileno(), 4096); f.close()
os.unlink(sys.argv[1] + "/gone"); open(sys.argv[1] + "/ready", "w").write("x")
time.sleep(3600)`,
      ),
      undo: 'rm -f "$D/ready"',
      traces: [{ text: "$D/gone" }, { text: "$W/bin/q-mapped", surface: "processes" }],
    },
    {
      name: "q-held-mount",
      what: "a file system that a daemon holds and that is mounted nowhere",
      needs: ["python3"],
      act: snake(
        "q-held",
        `import ctypes, os, sys, time
call = ctypes.CDLL(None).syscall
f = call(430, b"tmpfs", 0); call(431, f, 6, None, None, 0); m = call(432, f, 0, 0)
os.close(os.open("inside", os.O_CREAT, 0o600, dir_fd=m)); open(sys.argv[1] + "/ready", "w").write("x")
time.sleep(3600)`,
      ),
      undo: 'rm -f "$D/ready"',
      traces: [{ text: "$W/bin/q-held", surface: "processes" }],
    },
    {
      name: "q-gpg",
      what: "an agent that gpg leaves",
      needs: ["gpg", "gpg-agent", "gpgconf"],
      act: 'mkdir -m 700 "$D/g"; gpg --homedir "$D/g" --batch --quiet --passphrase "" --quick-generate-key left@example.org ed25519 sign 0 2>/dev/null',
      undo: 'gpgconf --homedir "$D/g" --kill all 2>/dev/null || :; rm -rf "$D/g"',
      traces: [{ text: "$D/g", surface: "processes" }],
    },
    {
      name: "q-yard",
      what: "a directory of the job's in which others are at work",
      act: 'mkdir "$D/yard"; chmod 777 "$D/yard"; echo x > "$D/yard/own"; echo x > "$D/yard/there"',
      undo: 'rm -rf "$D/yard"',
      traces: [{ text: "$D/yard/own" }, { text: "$D/yard" }],
    },
    {
      name: "q-short",
      what: "a file by a process whose number somebody's gets next",
      act: String.raw`sh -c 'echo left > "$1/left"; echo $$ > "$1/new"' sh "$D"; mv "$D/new" "$D/pid"`,
      undo: 'rm -f "$D/left" "$D/new" "$D/pid"',
      traces: [{ text: "$D/left" }],
    },
  ],
};
