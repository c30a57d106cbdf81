import type { CorpusItem, CorpusSection } from "../item.ts";

/** A key of somebody's, that is there before the job. */
function ofKey(options: { name: string; what: string; act: string }): CorpusItem {
  const { name, what, act } = options;
  return {
    ...{ name, what },
    before: `helper key $T-${name}`,
    act,
    undo: `helper unkey $T-${name}`,
    traces: [{ text: `$T-${name}`, surface: "keys" }],
  };
}

/** What the kernel keeps of whoever asked, and what others had it keep. */
export const kernelKeepingPlants: CorpusSection = {
  surface: "IPC, keys and devices, further",
  items: [
    ofKey({
      name: "z-key-value",
      what: "the value of somebody's key",
      act: "kernel key-update $T-z-key-value longer-than-it-was",
    }),
    ofKey({
      name: "z-key-mode",
      what: "who may use somebody's key",
      act: "kernel key-permissions $T-z-key-mode 0x3f3f3f3f",
    }),
    {
      name: "z-key-of-user",
      what: "a key of another user",
      needs: ["setpriv"],
      act: 'setpriv --reuid=65533 --regid=65533 --clear-groups "$W/bin/perl" "$W/helper.pl" key "$T-other-key"',
      undo: 'setpriv --reuid=65533 --regid=65533 --clear-groups "$W/bin/perl" "$W/helper.pl" unkey "$T-other-key"',
      traces: [{ text: "$T-other-key" }],
    },
    {
      name: "z-keyring",
      what: "a keyring",
      act: "kernel keyring $T-keyring",
      undo: "kernel unkeyring keyring $T-keyring",
      traces: [{ text: "$T-keyring" }],
    },
    {
      name: "z-secret",
      what: "a key whose value nobody may read",
      act: "kernel logon corpus:$T-secret",
      undo: "kernel unkeyring logon corpus:$T-secret",
      traces: [{ text: "$T-secret" }],
    },
    {
      name: "z-memory-gone",
      what: "somebody's shared memory taken away",
      needs: ["ipcrm"],
      before: "helper shm $K7",
      act: "kernel shm-remove $K7",
      undo: "ipcrm -M $K7 2>/dev/null || :",
      traces: [{ text: "$K7", surface: "ipc", change: "vanished" }],
    },
    {
      name: "z-semaphore-set",
      what: "the value of somebody's semaphore",
      needs: ["ipcrm"],
      before: "helper sem $K8; sleep 1.1",
      act: "kernel sem-value $K8 7",
      undo: "ipcrm -S $K8 2>/dev/null || :",
      traces: [{ text: "$K8", surface: "ipc", change: "changed" }],
    },
    {
      name: "z-message",
      what: "a message in somebody's queue",
      needs: ["ipcrm"],
      before: "helper msg $K9",
      act: "kernel send $K9",
      undo: "ipcrm -Q $K9 2>/dev/null || :",
      traces: [{ text: "$K9", surface: "ipc", change: "changed" }],
    },
    {
      name: "z-compressed",
      what: "a disk in compressed memory, made by reading a file",
      before:
        '[ -r /sys/class/zram-control/hot_add ] && [ ! -e /sys/block/zram1 ] || refuse "no zram, or more than one"',
      act: "cat /sys/class/zram-control/hot_add > /dev/null",
      undo: "[ ! -e /sys/block/zram1 ] || echo 1 > /sys/class/zram-control/hot_remove",
      traces: [{ text: "zram1", surface: "storage" }],
    },
    {
      name: "z-bpf-pin",
      what: "a BPF map that a name keeps",
      needs: ["mount"],
      before:
        'grep -q "nodev.bpf$" /proc/filesystems || refuse "no BPF file system"; mkdir "$D/bpf"; mount -t bpf "$T" "$D/bpf"',
      act: 'kernel bpf-pin "$D/bpf/$T-pin" "$T"n',
      undo: '! mountpoint -q "$D/bpf" || umount "$D/bpf"',
      traces: [{ text: "$T-pin" }],
    },
  ],
};
