import { fileIoctls, networkIoctls, storageIoctls } from "./kernel-constants.ts";
import type { NamespaceKind } from "./namespace-tracker.ts";
import type { Act } from "./recording.ts";
import { signalCall } from "./signal-events.ts";

/** Which calls concern the facts of which surface, and which of them. */
export interface SurfaceCall {
  readonly surface: string;
  readonly call: string;
  /** Facts among the surface's that it can concern, by their keys; absent: all. */
  readonly among?: RegExp;
  /** Whether this call is of that kind; absent: always. */
  readonly when?: (parameters: Act["parameters"]) => boolean;
  /** The kind of namespace out of which it does not reach, where the surface's facts are of none. */
  readonly isIn?: NamespaceKind;
  /** Keys of those that it says; null where this call does not say. */
  readonly keys?: (act: Act) => readonly string[] | null;
  /** What this call explains it explains better than other calls of a kind do. */
  readonly isNearer?: boolean;
  /** Whether a fact can follow from one with such a key. */
  readonly isNear?: (keys: readonly string[], key: string) => boolean;
}

/** The surfaces that this table knows calls of. */
export function surfacesOfCalls(): ReadonlySet<string> {
  return new Set(surfaceCalls.map(({ surface }) => surface));
}

/** The calls that explain anything. */
export function callsOfSurfaces(): ReadonlySet<string> {
  return new Set(surfaceCalls.map(({ call }) => call));
}

const calls = (surface: string, names: string, more: Partial<SurfaceCall> = {}): SurfaceCall[] =>
  names.split(" ").map((call) => ({ surface, call, ...more }));

const within =
  (name: string, words: Readonly<Record<string, number>>) =>
  (parameters: Act["parameters"]): boolean =>
    Object.hasOwn(words, parameters[name] ?? "");
const is =
  (name: string, ...values: readonly string[]) =>
  (parameters: Act["parameters"]): boolean =>
    values.includes(parameters[name] ?? "");
const startsWith =
  (name: string, start: string) =>
  (parameters: Act["parameters"]): boolean =>
    parameters[name]?.startsWith(start) === true;

const returned =
  (prefix: string) =>
  ({ returned: id }: Act): readonly string[] | null =>
    id === null ? null : [`${prefix}${id}`];
const given =
  (name: string, prefix: string) =>
  ({ parameters }: Act): readonly string[] | null =>
    parameters[name] === undefined ? null : [`${prefix}${parameters[name]}`];

/** The special keyrings, -1 to -8, say no key (keyctl(2)). */
const keyOf = (serial: number): string | null => (serial > 0 ? serial.toString(16).padStart(8, "0") : null);
/** Options of keyctl(2) that return the key that they found or made. */
const keyReturning = ["KEYCTL_GET_KEYRING_ID", "KEYCTL_JOIN_SESSION_KEYRING", "KEYCTL_GET_PERSISTENT", "KEYCTL_SEARCH"];
/** Those that name the key by their first argument. */
const isKeyGiven = ({ option = "" }: Act["parameters"]): boolean => !keyReturning.includes(option);
/** The keyring into which it goes changes what it holds, which no surface compares; the key is the fact. */
const keyReturned = ({ returned: serial }: Act): readonly string[] | null => {
  const key = serial === null ? null : keyOf(serial);
  return key === null ? null : [key];
};
const keyGiven = ({ parameters }: Act): readonly string[] | null => {
  const key = keyOf(Number(parameters["key"]));
  return key === null ? null : [key];
};

const isNetworkSocket = ({ family, protocol }: Act["parameters"]): boolean =>
  family === "AF_NETLINK" && (protocol === "NETLINK_ROUTE" || protocol === "NETLINK_GENERIC");
/** nft(8) asks through netlink, the older iptables(8) through options of a raw socket. */
const isFilterSocket = ({ family, protocol }: Act["parameters"]): boolean =>
  family === "AF_NETLINK" && protocol === "NETLINK_NETFILTER";
const isRawSocket = ({ family, type }: Act["parameters"]): boolean =>
  (family === "AF_INET" || family === "AF_INET6") && (Number(type) & 0xf) === 3;

/** What a process goes by beside its own key: its process group, and its user. */
export function groupKey(group: number): string {
  return `group ${group}`;
}
export function userKey(uid: number): string {
  return `user ${uid}`;
}

/** Which pid, in the caller's own PID namespace; what stands behind it in a process's key, its start time, no call knows. */
const affectedPid = ({ parameters, apart }: Act): readonly string[] | null => {
  if (apart?.includes("pid") === true) return null;
  const { which = "PRIO_PROCESS" } = parameters;
  const who = Number(parameters["pid"] ?? parameters["who"]);
  if (which.endsWith("_USER")) return [userKey(who)];
  // Without a number it is the caller's own.
  if (who <= 0) return null;
  return which.endsWith("_PGRP") ? [groupKey(who)] : [`${who}@`];
};

const linking = ["BPF_LINK_CREATE", "BPF_LINK_UPDATE", "BPF_LINK_DETACH", "BPF_RAW_TRACEPOINT_OPEN"];
const stacked = [2, 3, 4, 5, 6, 7, 8, 9];

export const surfaceCalls: readonly SurfaceCall[] = [
  ...calls("mounts", "mount umount2 move_mount mount_setattr open_tree_attr pivot_root fsconfig", { keys: targets }),

  ...calls("ipc", "shmget", { keys: returned("shm ") }),
  ...calls("ipc", "semget", { keys: returned("sem ") }),
  ...calls("ipc", "msgget", { keys: returned("msg ") }),
  ...calls("ipc", "shmctl", { keys: given("id", "shm ") }),
  ...calls("ipc", "semctl", { keys: given("id", "sem ") }),
  ...calls("ipc", "msgsnd msgrcv", { keys: given("id", "msg ") }),
  ...calls("ipc", "msgctl", { keys: given("id", "msg ") }),
  // POSIX queues, whose names are not told.
  ...calls("ipc", "mq_open mq_unlink", { among: /^(?!(?:shm|sem|msg) \d)/ }),

  ...calls("keys", "add_key request_key", { keys: keyReturned }),
  ...calls("keys", "keyctl", { when: (parameters) => !isKeyGiven(parameters), keys: keyReturned }),
  ...calls("keys", "keyctl", { when: isKeyGiven, keys: keyGiven }),

  ...calls("storage", "swapon swapoff", { among: /^swap / }),
  ...calls("storage", "ioctl", { when: within("command", storageIoctls), among: /^(?!swap )/ }),
  ...calls("storage", "ioctl", { when: startsWith("command", "LOOP_CTL_"), keys: loopReturned }),
  ...calls("storage", "ioctl", { when: startsWith("command", "LOOP_"), among: /^loop\d/, isNearer: true }),
  // The last umount frees a loop device that clears itself (loop(4)).
  ...calls("storage", "umount2 mount move_mount", { among: /^loop/ }),

  ...calls("network", "rtnetlink", { keys: changedKeys, isNear: isOfDevice }),
  ...calls("network", "socket", { when: isNetworkSocket }),
  ...calls("network", "ioctl", { when: within("command", networkIoctls) }),

  ...calls("firewall", "socket", { when: isFilterSocket }),
  ...calls("firewall", "socket", { when: isRawSocket, among: /^(?!nft |ipset )/ }),
  ...calls("kernel", "bpf", { among: /^bpf map /, when: is("command", "BPF_MAP_CREATE") }),
  ...calls("kernel", "bpf", { among: /^bpf prog /, when: is("command", "BPF_PROG_LOAD") }),
  ...calls("kernel", "bpf", { among: /^bpf link /, when: is("command", ...linking) }),
  ...calls("kernel", "bpf", { among: /^pin /, when: is("command", "BPF_OBJ_PIN") }),
  ...calls("kernel", "init_module finit_module delete_module", { among: /^module / }),
  ...calls("kernel", "socket", { among: /^audit /, when: is("protocol", "NETLINK_AUDIT") }),
  ...calls("kernel", "adjtimex clock_adjtime", { among: /^clock$/ }),

  ...calls("sysctls", "sethostname", { keys: () => ["kernel.hostname"] }),
  ...calls("sysctls", "setdomainname", { keys: () => ["kernel.domainname"] }),
  ...calls("sysctls", "syslog", { keys: () => ["kernel.printk"] }),
  ...calls("sysctls", "reboot", { keys: () => ["kernel.ctrl-alt-del"] }),
  ...calls("sysctls", "mount move_mount umount2", { among: /^fs\.binfmt_misc\./, isIn: "mnt" }),
  // Wherever it is mounted, what is set of a file system without a disk is the whole kernel's.
  ...calls("sysctls", "mount fsconfig umount2", { among: /^\/sys\/devices\/virtual\/bdi\/(?:0:|[a-z])/ }),
  ...calls("sysctls", "init_module finit_module delete_module"),

  ...calls("processes", signalCall, { keys: signalled }),
  ...calls("processes", "setpriority ioprio_set prlimit64", { keys: affectedPid }),
  ...calls("processes", "sched_setaffinity sched_setscheduler sched_setparam sched_setattr", { keys: affectedPid }),

  // Which file is told where its descriptor could still be looked at.
  ...calls("files", "ioctl", {
    when: is("command", ...Object.keys(fileIoctls)),
    keys: given("path", ""),
  }),
  ...calls("files", "file_setattr", { keys: given("path", "") }),
  // What lies under a mount point, or upon it, comes into sight and goes out of it.
  ...calls("files", "mount umount2 move_mount pivot_root", { isIn: "mnt" }),

  ...calls("sockets", "socket"),
];

/** Of several mounts upon each other those above the first are numbered; which of them it was is not known. */
function targets({ parameters }: Act): readonly string[] | null {
  const points = parameters["targets"]?.split("\0") ?? null;
  return points?.flatMap((point) => [point, ...stacked.map((depth) => `${point} (${depth})`)]) ?? null;
}

/** The kernel tells to whom it was sent, and by its pid out here. */
function signalled({ parameters }: Act): readonly string[] {
  return [`${parameters["pid"]}@`];
}

function loopReturned({ returned: index }: Act): readonly string[] | null {
  return index === null ? null : [`loop${index}`];
}

function changedKeys({ parameters }: Act): readonly string[] {
  return parameters["keys"]?.split("\0") ?? [];
}

/** Who set an interface up or gave it an address made the routes by it, too: the kernel tells those as its own. */
function isOfDevice(keys: readonly string[], key: string): boolean {
  const device = deviceOf(key);
  return device !== null && keys.some((one) => deviceOf(one) === device);
}

function deviceOf(key: string): string | null {
  return /^(?:interface |queue |address .* on |(?:route|neighbour) \S+ dev )(\S+)/.exec(key)?.[1] ?? null;
}
