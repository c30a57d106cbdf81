import type { CorpusItem, CorpusSection } from "../item.ts";

/** Somebody's loop device, of which the job sets something. */
function ofLoop(options: { name: string; what: string; act: string; changed: string }): CorpusItem {
  const { name, what, act, changed } = options;
  return {
    ...{ name, what, needs: ["losetup"] },
    before: 'truncate -s 64k "$D/image"; losetup --show --find "$D/image" > "$D/loop" || refuse "losetup"',
    act: `loop=$(cat "$D/loop"); ${act} || refuse "cannot be set"`,
    undo: 'if [ -s "$D/loop" ]; then blockdev --setrw "$(cat "$D/loop")" || :; losetup --detach "$(cat "$D/loop")" || :; fi; rm -f "$D/image"',
    traces: [{ text: "$D/image", surface: "storage", changed: [changed] }],
  };
}

/** What can be set of things that were there, by calls that name no file. */
export const uncommonSettingPlants: CorpusSection = {
  surface: "settings of somebody's things, where few look",
  items: [
    {
      name: "g-nice-group",
      what: "the priority of a whole process group of somebody's",
      needs: ["pgrep", "renice"],
      before: "tool g-nice-group; daemon g-nice-group hold nothing",
      act: 'pid=$(pid_of g-nice-group); renice -n 6 -g "$(ps -o pgid= -p "$pid" | tr -d " ")"',
      undo: ":",
      traces: [{ text: "$W/bin/g-nice-group", surface: "processes", change: "changed" }],
    },
    {
      name: "g-nice-user",
      what: "the priority of all processes of a user",
      needs: ["pgrep", "renice", "setpriv"],
      before:
        'tool g-nice-user; setpriv --reuid=64997 --regid=64997 --clear-groups "$W/bin/g-nice-user" "$W/helper.pl" hold nothing',
      act: "renice -n 4 -u 64997",
      undo: ":",
      traces: [{ text: "$W/bin/g-nice-user", surface: "processes", change: "changed" }],
    },
    {
      name: "g-memory-mapped",
      what: "somebody's file in /dev/shm changed through a mapping",
      before: 'echo old-old-old > "/dev/shm/$T-mapped"',
      act: 'helper map "/dev/shm/$T-mapped" new',
      undo: 'rm -f "/dev/shm/$T-mapped"',
      traces: [{ text: "/dev/shm/$T-mapped" }],
    },
    {
      name: "g-queue-message",
      what: "a message in somebody's POSIX queue",
      before: "helper queue $T-g-queue",
      act: "kernel queue-send $T-g-queue",
      undo: "helper unqueue $T-g-queue",
      traces: [{ text: "$T-g-queue", surface: "ipc", change: "changed" }],
    },
    {
      name: "g-group-owner",
      what: "the owner of a control group of somebody's",
      before: '[ -n "$CGROUP" ] || refuse "no control groups of version 2"; mkdir "$CGROUP/$T-owned"',
      act: 'chown 65533 "$CGROUP/$T-owned"',
      undo: '[ -z "$CGROUP" ] || [ ! -d "$CGROUP/$T-owned" ] || again rmdir "$CGROUP/$T-owned"',
      traces: [{ text: "/$T-owned", change: "changed" }],
    },
    ofLoop({
      name: "g-loop-read-only",
      what: "a loop device of somebody's made read-only",
      ...{ act: 'blockdev --setro "$loop"', changed: "readOnly" },
    }),
    ofLoop({
      name: "g-loop-direct",
      what: "how a loop device of somebody's writes to its file",
      ...{ act: 'losetup --direct-io=on "$loop"', changed: "directWrites" },
    }),
    ofLoop({
      name: "g-loop-size",
      what: "a loop device of somebody's that takes in what its file grew by",
      ...{ act: 'truncate -s 128k "$D/image"; losetup --set-capacity "$loop"', changed: "sectors" },
    }),
    {
      name: "g-login-record",
      what: "a forged login in wtmp",
      before: "keep /var/log/wtmp",
      act: `printf '%-384s' "$T-login" >> /var/log/wtmp`,
      undo: `if grep -q -a "$T-login" /var/log/wtmp; then size=$(stat -c %s /var/log/wtmp); truncate -s "$((size - 384))" /var/log/wtmp; touch -r "$(kept /var/log/wtmp)" /var/log/wtmp; fi`,
      traces: [{ text: "/var/log/wtmp", surface: "files" }],
    },
    {
      name: "g-key-time",
      what: "when somebody's key ends",
      before: "helper key $T-g-key-time",
      act: "kernel key-timeout $T-g-key-time 4711000",
      undo: "helper unkey $T-g-key-time",
      traces: [{ text: "$T-g-key-time", surface: "keys" }],
    },
    {
      name: "g-memory-locked",
      what: "somebody's shared memory that may not be swapped out any more",
      needs: ["ipcrm"],
      before: "helper shm $((K9 + 3000))",
      act: "kernel shm-lock $((K9 + 3000))",
      undo: "ipcrm -M $((K9 + 3000)) 2>/dev/null || :",
      traces: [{ text: "shm", surface: "ipc", change: "changed" }],
    },
    {
      name: "g-link-moved",
      what: "somebody's interface moved into the network namespace of somebody's process",
      needs: ["ip", "unshare", "pgrep"],
      before: 'tool g-link-moved; dweller g-link-moved --net; ip link add "$T"gm type veth peer name "$T"gn',
      act: 'ip link set "$T"gm netns "$(pid_of g-link-moved)"',
      undo: 'ip link del "$T"gn 2>/dev/null || :',
      traces: [{ text: "$Tgm" }],
    },
    {
      name: "g-host-name",
      what: "the name of the host",
      before: 'hostname > "$D/was"',
      act: 'hostname "$T-host"',
      undo: '[ ! -s "$D/was" ] || hostname "$(cat "$D/was")"',
      traces: [{ text: "kernel.hostname" }],
    },
    {
      name: "g-time-namespace",
      what: "a time namespace with a clock of its own, which a mount keeps",
      needs: ["unshare", "mount"],
      before: ': > "$D/time"',
      act: 'unshare --time --boottime 4711 --fork sh -c "mount --bind /proc/self/ns/time $D/time" || refuse "no time namespaces"',
      undo: 'umount "$D/time" 2>/dev/null || :',
      traces: [{ text: "$D/time" }],
    },
    {
      name: "g-generation",
      what: "the version number of a file's inode",
      needs: ["chattr"],
      before: 'echo x > "$D/file"',
      act: 'chattr -v 4711 "$D/file" || refuse "no versions of inodes"',
      undo: 'rm -f "$D/file"',
      traces: [{ text: "$D/file", change: "changed" }],
    },
    {
      name: "g-project",
      what: "the project that a file counts for",
      needs: ["chattr"],
      before: 'echo x > "$D/file"',
      act: 'chattr -p 4711 "$D/file" || refuse "no projects"',
      undo: 'rm -f "$D/file"',
      traces: [{ text: "$D/file", change: "changed" }],
    },
  ],
};
