import type { CorpusItem, CorpusSection } from "../item.ts";

interface Within {
  readonly name: string;
  readonly what: string;
  /** Of unshare(1) and nsenter(1). */
  readonly kinds: string;
  readonly act: string;
  readonly text: string;
  readonly surface?: string;
  readonly changed?: readonly string[];
  readonly needs?: readonly string[];
}

/** Something in namespaces that somebody else's process lives in since before the job; it goes with them. */
function within({ name, what, kinds, act, text, surface, changed, needs = [] }: Within): CorpusItem {
  return {
    name,
    what,
    needs: ["unshare", "nsenter", "pgrep", ...needs],
    before: `tool ${name}${name === "z-guest" ? " z-guesthost" : ""}; dweller ${name} ${kinds}`,
    act: `at=$(pid_of ${name}); inside() { nsenter --target "$at" ${kinds} "$@"; }; ${act}`,
    undo: ":",
    traces: [{ text, ...(surface !== undefined && { surface }), ...(changed !== undefined && { changed }) }],
  };
}

/** What a job leaves in the containers of others, and mounts that no table of its own shows. */
export const foreignNamespacePlants: CorpusSection = {
  surface: "namespaces and mounts, further",
  items: [
    within({
      name: "z-in-mounts",
      what: "a mount in the mount namespace of somebody's process",
      kinds: "--mount",
      act: 'mkdir "$D/inside"; inside mount -t tmpfs -o size=16k "$T-inside" "$D/inside"',
      text: "$T-inside",
    }),
    within({
      name: "z-in-net",
      what: "an address in the network namespace of somebody's process",
      kinds: "--net",
      act: 'inside ip address add "$A.79/32" dev lo; inside ip link add "$T"zz type bridge',
      text: "$Tzz",
    }),
    within({
      name: "z-in-net-set",
      what: "a setting of the network namespace of somebody's process",
      kinds: "--net",
      act: "inside sh -c 'echo 77 > /proc/sys/net/ipv4/ip_default_ttl'",
      text: "settings of the network",
      changed: ["net.ipv4.ip_default_ttl"],
    }),
    within({
      name: "z-in-ipc",
      what: "shared memory in the IPC namespace of somebody's process",
      kinds: "--ipc",
      act: 'inside "$W/bin/perl" "$W/helper.pl" shm "$K4"',
      text: "$K4",
    }),
    within({
      name: "z-in-queue",
      what: "a POSIX message queue in the IPC namespace of somebody's process",
      kinds: "--ipc",
      act: 'inside "$W/bin/perl" "$W/helper.pl" queue "$T-inside-queue"',
      text: "$T-inside-queue",
    }),
    within({
      name: "z-in-name",
      what: "the host's name in the UTS namespace of somebody's process",
      kinds: "--uts",
      act: "inside sh -c 'echo \"$T-named\" > /proc/sys/kernel/hostname'",
      text: "$T-named",
    }),
    within({
      name: "z-guest",
      what: "a process among somebody's, in their namespaces",
      kinds: "--mount --net --ipc --uts",
      act: '(env -i setsid nsenter --target "$at" --mount --net --ipc --uts "$W/bin/z-guesthost" -e "sleep 3600 while 1" </dev/null >/dev/null 2>&1 &); until_true "pid_of z-guesthost >/dev/null"',
      text: "$W/bin/z-guesthost",
      surface: "processes",
    }),
    {
      name: "z-pinned-mounts",
      what: "a mount namespace with a mount in it, which a mount keeps",
      needs: ["unshare", "mount"],
      before: String.raw`mkdir "$D/pins" "$D/deep"; mount -t tmpfs "$T" "$D/pins"; mount --make-private "$D/pins"; : > "$D/pins/mnt"`,
      act: String.raw`unshare --mount="$D/pins/mnt" mount -t tmpfs -o size=16k "$T-deep" "$D/deep"`,
      undo: String.raw`! mountpoint -q "$D/pins/mnt" || umount "$D/pins/mnt"; ! mountpoint -q "$D/pins" || umount "$D/pins"`,
      traces: [{ text: "$D/pins/mnt" }],
    },
    {
      name: "z-lazy",
      what: "a mount taken off its place while a process is in it",
      needs: ["mount", "umount"],
      before: String.raw`tool z-lazy; mkdir "$D/lazy"`,
      act: String.raw`mount -t tmpfs -o size=16k "$T-lazy" "$D/lazy"; (cd "$D/lazy"; exec setsid "$W/bin/z-lazy" -e 'sleep 3600 while 1' </dev/null >/dev/null 2>&1) & until_true 'pid_of z-lazy >/dev/null'; umount -l "$D/lazy"`,
      undo: ":",
      traces: [{ text: "$T-lazy" }, { text: "$W/bin/z-lazy", surface: "processes" }],
    },
    {
      name: "z-mount-moved",
      what: "somebody's mount moved elsewhere",
      needs: ["mount"],
      before: String.raw`mkdir "$D/a" "$D/b" "$D/c"; mount -t tmpfs -o size=16k "$T" "$D/a"; mount --make-private "$D/a"; mount -t tmpfs -o size=16k "$T" "$D/a"; mount --make-private "$D/a"; mkdir "$D/a/from" "$D/a/to"; mount -t tmpfs -o size=16k "$T" "$D/a/from"; mount --make-private "$D/a/from"`,
      act: String.raw`mount --move "$D/a/from" "$D/a/to"`,
      undo: String.raw`for at in a/to a/from a a; do ! mountpoint -q "$D/$at" || umount "$D/$at"; done`,
      traces: [{ text: "$D/a/to" }],
    },
    {
      name: "z-mount-over",
      what: "a mount over somebody's mount",
      needs: ["mount"],
      before: String.raw`mkdir "$D/over"; mount -t tmpfs -o size=16k "$T-under" "$D/over"`,
      act: String.raw`mount -t tmpfs -o size=16k "$T-over" "$D/over"`,
      undo: String.raw`for at in 1 2; do ! mountpoint -q "$D/over" || umount "$D/over"; done`,
      traces: [{ text: "$T-over" }],
    },
    {
      name: "z-file-bound",
      what: "a file over a file",
      needs: ["mount"],
      before: String.raw`echo one > "$D/one"; echo other > "$D/other"`,
      act: String.raw`mount --bind "$D/one" "$D/other"`,
      undo: String.raw`! mountpoint -q "$D/other" || umount "$D/other"`,
      traces: [{ text: "$D/other", surface: "mounts" }],
    },
    {
      name: "z-image-mount",
      what: "a file system in a file, mounted",
      needs: ["mount", "mkfs.ext2"],
      before: String.raw`truncate -s 256k "$D/image"; mkfs.ext2 -q -F "$D/image"; mkdir "$D/mounted"`,
      act: String.raw`mount -o loop "$D/image" "$D/mounted"`,
      undo: String.raw`! mountpoint -q "$D/mounted" || umount "$D/mounted"; rm -f "$D/image"`,
      traces: [{ text: "$D/mounted", surface: "mounts" }],
    },
    {
      name: "z-hierarchy",
      what: "a hierarchy of control groups of version 1 that is mounted nowhere",
      needs: ["unshare", "mount"],
      before: String.raw`grep -q "nodev.cgroup$" /proc/filesystems || refuse "no control groups of version 1"; hidden_mount tmpfs :`,
      act: String.raw`unshare --mount sh -ec 'mount -t cgroup -o "none,name=$T" hidden "$D/hidden"; mkdir "$D/hidden/kept"'`,
      undo: String.raw`mkdir -p "$D/hidden"; ! grep -q "name=$T:" /proc/self/cgroup || unshare --mount sh -ec 'mount -t cgroup -o "none,name=$T" hidden "$D/hidden"; rmdir "$D/hidden/kept" 2>/dev/null || :'; until_true "gone_hierarchy"`,
      traces: [{ text: "name=$T" }],
    },
  ],
};
