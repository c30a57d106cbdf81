import {
  bpfCommands,
  fileIoctls,
  fsconfigCommands,
  ioprioKinds,
  ipcCommands,
  keyctlOptions,
  namespaceFlags,
  netlinkProtocols,
  networkIoctls,
  priorityKinds,
  rebootCommands,
  semCommands,
  shmCommands,
  socketFamilies,
  storageIoctls,
  syslogTypes,
} from "./kernel-constants.ts";

/** How one argument is told, and which of its values are worth an event. */
export interface TracedParameter {
  readonly name: string;
  /** `number`: an int in decimal; `flags`: hexadecimal, with `0x`. */
  readonly form: "number" | "flags";
  /** A value is told by its name among these; others in decimal. */
  readonly words?: Readonly<Record<string, number>>;
  /** The words are those of one family of sockets only. */
  readonly wordsOfFamily?: string;
  /** Calls with other values than these words are not traced. */
  readonly isLimitedToWords?: boolean;
  /** Calls without any of these bits are not traced. */
  readonly bits?: number;
  /** Calls in which it is 0 are not traced: there it means the caller itself, or that nothing is set. */
  readonly isNonZero?: boolean;
}

/** A system call that makes or changes something that may outlive the process that asks for it. */
export interface TracedCall {
  /** As syscalls(2) has it. */
  readonly call: string;
  /** What the kernel's events call it, where that is something else. */
  readonly event?: string;
  /** By position; null for what is not told, above all addresses of texts: the kernel's event holds no more than the address. */
  readonly parameters: readonly (TracedParameter | null)[];
  /**
   * Whether its end is traced as well. The kernel cannot choose among ends by what the call was asked, so this costs an
   * event for each call of the kind; without it, what came back is unknown.
   */
  readonly isEndTraced: boolean;
  /**
   * Words of a parameter with which the end is traced nevertheless, where the kernel lets the beginning turn that on:
   * such calls are rare, and one that failed did nothing.
   */
  readonly endedBy?: Readonly<Record<string, number>>;
  /** More to choose by than one parameter after the other; `{0}` stands for the first one's field. */
  readonly filter?: string;
}

const number = (name: string, more: Partial<TracedParameter> = {}): TracedParameter => ({
  name,
  form: "number",
  ...more,
});
const flags = (name: string, more: Partial<TracedParameter> = {}): TracedParameter => ({
  name,
  form: "flags",
  ...more,
});
const only = (name: string, words: Readonly<Record<string, number>>): TracedParameter =>
  number(name, { words, isLimitedToWords: true });
const of = (call: string, ...parameters: (TracedParameter | null)[]): TracedCall => ({
  call,
  parameters,
  isEndTraced: true,
});
const withoutEnd = (call: string, ...parameters: (TracedParameter | null)[]): TracedCall => ({
  call,
  parameters,
  isEndTraced: false,
});

/** Of whoever makes or leaves a namespace. */
export const anyNamespace = Object.values(namespaceFlags).reduce((bits, flag) => bits | flag, 0);

/**
 * What is not here, and why. Held by a descriptor or by the process alone, and gone with it: open_tree, fsopen, fsmount,
 * memfd_create, perf_event_open, fanotify_init, inotify_init, userfaultfd, timer_create, clone's namespaces, a
 * process's own limits, affinity and scheduling. Seen by the file events: all that makes, changes or removes names and
 * contents, xattrs too. Too frequent, with the address of what matters as its only argument: sendmsg, by which a
 * netlink socket asks; the socket itself is here.
 */
export const tracedCalls: readonly TracedCall[] = [
  // Mounts.
  of("mount", null, null, null, flags("flags")),
  { ...of("umount2", null, flags("flags")), event: "umount" },
  of("move_mount", null, null, null, null, flags("flags")),
  of("mount_setattr", null, null, flags("flags")),
  of("open_tree_attr", null, null, flags("flags")),
  of("fsconfig", null, only("command", fsconfigCommands)),
  of("pivot_root"),
  // Storage.
  of("swapon", null, flags("flags")),
  of("swapoff"),
  of("quotactl", flags("command"), null, number("id")),
  of("quotactl_fd", null, flags("command"), number("id")),
  {
    ...withoutEnd(
      "ioctl",
      number("descriptor"),
      only("command", { ...fileIoctls, ...storageIoctls, ...networkIoctls }),
    ),
    endedBy: storageIoctls,
  },
  of("file_setattr"),
  // IPC.
  of("shmget", number("key"), number("size"), flags("flags")),
  of("shmctl", number("id"), only("command", shmCommands)),
  of("semget", number("key"), number("count"), flags("flags")),
  of("semctl", number("id"), null, only("command", semCommands)),
  of("msgget", number("key"), flags("flags")),
  of("msgctl", number("id"), only("command", ipcCommands)),
  withoutEnd("msgsnd", number("id")),
  withoutEnd("msgrcv", number("id")),
  of("mq_open", null, flags("flags", { bits: 0o100 }), flags("mode")),
  of("mq_unlink"),
  // Keys.
  of("add_key", null, null, null, number("bytes"), number("keyring")),
  of("request_key", null, null, null, number("keyring")),
  of("keyctl", only("option", keyctlOptions), number("key"), number("other")),
  // Network: who may have configured it, and who looked at its traffic.
  {
    ...withoutEnd(
      "socket",
      number("family", { words: socketFamilies }),
      number("type"),
      number("protocol", { words: netlinkProtocols, wordsOfFamily: "AF_NETLINK" }),
    ),
    // Raw ones are type 3, whatever flags stand above it; names are looked up (glibc) through NETLINK_ROUTE too.
    filter:
      "({0} == 16 && {2} != 4 && {2} != 15) || {0} == 15 || {0} == 17 || {0} == 31 || {0} == 40 || " +
      "{0} == 44 || (({0} == 2 || {0} == 10) && ({1} & 1) && ({1} & 2))",
  },
  // Namespaces: they last as long as something lies in them or holds them.
  of("unshare", flags("flags", { bits: anyNamespace })),
  of("setns", number("descriptor"), flags("flags")),
  // What the kernel runs.
  of("bpf", only("command", bpfCommands)),
  of("init_module", null, number("bytes")),
  of("finit_module", number("descriptor"), null, flags("flags")),
  of("delete_module", null, flags("flags")),
  of("kexec_load", null, number("segments"), null, flags("flags")),
  of("kexec_file_load", number("descriptor"), null, null, null, flags("flags")),
  // Settings of the whole host.
  of("sethostname", null, number("bytes")),
  of("setdomainname", null, number("bytes")),
  of("settimeofday"),
  of("clock_settime", number("clock")),
  of("adjtimex"),
  of("clock_adjtime", number("clock")),
  of("acct"),
  of("reboot", null, null, only("command", rebootCommands)),
  of("syslog", only("type", syslogTypes), null, number("level")),
  // Other processes.
  of("setpriority", number("which", { words: priorityKinds }), number("who"), number("value")),
  of("ioprio_set", number("which", { words: ioprioKinds }), number("who"), number("value")),
  of("sched_setaffinity", number("pid", { isNonZero: true })),
  of("sched_setscheduler", number("pid", { isNonZero: true }), number("policy")),
  of("sched_setparam", number("pid", { isNonZero: true })),
  of("sched_setattr", number("pid", { isNonZero: true })),
  withoutEnd("prlimit64", number("pid", { isNonZero: true }), number("resource"), flags("limit", { isNonZero: true })),
];
