import type { CorpusItem, CorpusSection } from "../item.ts";

/** A setting in a file of the kernel's that is written to, and put back. */
function setting(options: { name: string; what: string; path: string; value: string; text?: string }): CorpusItem {
  const { name, what, path, value, text = path } = options;
  return {
    ...{ name, what },
    before: `keep_setting ${path}`,
    act: `echo ${value} > ${path} || refuse "cannot be set"`,
    undo: `restore_setting ${path}`,
    traces: [{ text }],
  };
}

/** A tracer that nobody else's mount shows. */
function traced(options: {
  name: string;
  what: string;
  act: string;
  undo: string;
  text: string;
  change?: "changed";
}): CorpusItem {
  const { name, what, act, undo, text, change } = options;
  return {
    ...{ name, what, needs: ["unshare", "mount"] },
    before: `grep -q tracefs /proc/filesystems || refuse "no tracefs"; hidden_mount tracefs :`,
    act: `hidden_mount tracefs ${quoted(act)}`,
    undo: `hidden_mount tracefs ${quoted(undo)} || :`,
    traces: [{ text, ...(change !== undefined && { change }) }],
  };
}

function quoted(commands: string): string {
  return `'${commands.replaceAll("'", String.raw`'\''`)}'`;
}

/** Something of a control group of somebody's. */
function grouped(options: { name: string; what: string; root: string; act: string; change?: "changed" }): CorpusItem {
  const { name, what, root, act, change = "changed" } = options;
  return {
    ...{ name, what },
    before: `[ -n "${root}" ] && [ -d "${root}" ] || refuse "no such control groups"; mkdir "${root}/$T-${name}"`,
    act: `at="${root}/$T-${name}"; ${act}`,
    undo: `[ ! -d "${root}/$T-${name}" ] || { rmdir "${root}/$T-${name}/"* 2>/dev/null || :; again rmdir "${root}/$T-${name}"; }`,
    traces: [
      { text: `/$T-${name}`, change },
      { text: `$T-${name}`, surface: "kernel" },
    ],
  };
}

const event = "events/sched/sched_process_exit";

/** What the kernel is told to do otherwise than before. */
export const kernelSettingPlants: CorpusSection = {
  surface: "settings of the kernel, further",
  items: [
    setting({
      name: "z-interrupts",
      what: "which processors take interrupts",
      ...{ path: "/proc/irq/default_smp_affinity", value: "1" },
    }),
    setting({
      name: "z-write-share",
      what: "how much of memory a disk may have to write",
      ...{ path: "/sys/class/bdi/7:7/max_ratio", value: "77", text: "max_ratio" },
    }),
    setting({
      name: "z-filesystem",
      what: "a setting of a mounted file system",
      ...{
        path: '"/sys/fs/ext4/$(basename "$(findmnt --noheadings --output SOURCE /)")/inode_readahead_blks"',
        value: "64",
        text: "inode_readahead_blks",
      },
    }),
    setting({
      name: "z-pages",
      what: "how many pages are looked at for huge ones",
      path: "/sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan",
      value: "4711",
    }),
    setting({
      name: "z-huge",
      what: "how many huge pages there may be",
      ...{ path: "/proc/sys/vm/nr_overcommit_hugepages", value: "3", text: "vm.nr_overcommit_hugepages" },
    }),
    setting({
      name: "z-core",
      what: "where core dumps go",
      ...{ path: "/proc/sys/kernel/core_pattern", value: '"/var/tmp/$T.core"', text: "kernel.core_pattern" },
    }),
    setting({
      name: "z-watches",
      what: "how many watches of files a user may have",
      ...{ path: "/proc/sys/fs/inotify/max_user_watches", value: "65537", text: "fs.inotify.max_user_watches" },
    }),
    setting({
      name: "z-slab",
      what: "how the kernel keeps its own memory",
      ...{ path: "/sys/kernel/slab/dentry/min_partial", value: "7", text: "min_partial" },
    }),
    setting({
      name: "z-power",
      what: "when a device may sleep",
      path: "/sys/devices/virtual/tty/tty0/power/control",
      value: "on",
      text: "tty0/power/control",
    }),
    {
      ...setting({
        name: "z-writeback",
        what: "a setting that moves another one",
        ...{ path: "/proc/sys/vm/dirty_background_bytes", value: "47110000", text: "vm.dirty_background_bytes" },
      }),
      before:
        'keep_setting /proc/sys/vm/dirty_background_ratio; [ "$(cat "$D/was")" != 0 ] || refuse "it is set in bytes"',
      undo: "restore_setting /proc/sys/vm/dirty_background_ratio",
    },
    {
      name: "z-domain",
      what: "the domain's name of the host",
      before: "cat /proc/sys/kernel/domainname > $D/was",
      act: "kernel domain $T-domain",
      undo: "restore_setting /proc/sys/kernel/domainname",
      traces: [{ text: "kernel.domainname" }],
    },
    {
      name: "z-console",
      what: "what the kernel says on the console",
      before: 'keep_setting /proc/sys/kernel/printk; [ "$(cut -f 1 "$D/was")" != 3 ] || refuse "it is that already"',
      act: "kernel console-level 3",
      undo: "restore_setting /proc/sys/kernel/printk",
      traces: [{ text: "kernel.printk" }],
    },
    {
      name: "z-clock",
      what: "how fast the clock goes",
      before: 'kernel frequency > "$D/was"',
      act: 'kernel frequency $(($(cat "$D/was") + 655))',
      undo: '[ ! -s "$D/was" ] || kernel frequency "$(cat "$D/was")"',
      traces: [{ text: "frequency" }],
    },
    {
      name: "z-audit",
      what: "how many messages of the audit may wait",
      before: 'kernel backlog > "$D/was"; [ -s "$D/was" ] || refuse "no audit"',
      act: 'kernel backlog $(($(cat "$D/was") + 77))',
      undo: '[ ! -s "$D/was" ] || kernel backlog "$(cat "$D/was")"',
      traces: [{ text: "audit", surface: "kernel", change: "changed" }],
    },
    traced({
      name: "z-traced-event",
      what: "an event that the kernel's tracer records",
      ...{ act: `echo 1 > "$M/${event}/enable"`, undo: `echo 0 > "$M/${event}/enable"` },
      ...{ text: "the tracer", change: "changed" },
    }),
    traced({
      name: "z-trace-filter",
      what: "a filter of an event that is traced",
      ...{ act: `echo "pid == 4711" > "$M/${event}/filter"`, undo: `echo 0 > "$M/${event}/filter"` },
      text: "sched_process_exit/filter",
    }),
    traced({
      name: "z-trigger",
      what: "something that the tracer does at an event",
      act: `echo "traceoff:1 if pid == -4711" > "$M/${event}/trigger"`,
      undo: `echo "!traceoff:1 if pid == -4711" > "$M/${event}/trigger"`,
      text: "sched_process_exit/trigger",
    }),
    traced({
      name: "z-trace-option",
      what: "an option of the kernel's tracer",
      ...{ act: `echo sym-addr > "$M/trace_options"`, undo: `echo nosym-addr > "$M/trace_options"` },
      text: "sym-addr",
    }),
    traced({
      name: "z-probe",
      what: "a probe of a program",
      act: `echo "p:$T/probe /bin/true:0x1000" > "$M/uprobe_events"`,
      undo: `echo "-:$T/probe" > "$M/uprobe_events"`,
      text: "p:$T/probe",
    }),
    grouped({
      name: "z-limit",
      what: "a limit of a control group",
      ...{ root: "$CGROUP", act: 'echo 7 > "$at/cgroup.max.descendants"' },
    }),
    grouped({
      name: "z-threaded",
      what: "a control group for threads",
      ...{ root: "$CGROUP", act: 'echo threaded > "$at/cgroup.type"' },
    }),
    grouped({
      name: "z-limit-old",
      what: "a limit of a control group of version 1",
      ...{ root: "/sys/fs/cgroup/pids", act: 'echo 77 > "$at/pids.max"' },
    }),
    {
      ...grouped({
        name: "z-packets",
        what: "a BPF program of a control group",
        ...{ root: "$CGROUP", act: 'kernel bpf-attach "$at" "$T"p' },
      }),
      traces: [{ text: "$Tp" }],
    },
  ],
};
