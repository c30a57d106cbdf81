import type { ListedDifference, ProcessDifference } from "./difference.ts";
import type { Act } from "./recording.ts";

/** How well a recorded call fits to what differs: for certain, by its kind alone, or not. */
export type Fit = "certain" | "possible" | "none";

type Rule<D> = (act: Act, difference: D) => Fit;

/**
 * By surface: which system calls may have brought a difference about. Where a call names or returns a number that the
 * surface has too (the id of a queue, the serial of a key) it fits for certain; a call whose arguments are texts fits by
 * its kind, because the kernel's event holds their addresses only.
 */
export const actRules: Readonly<Record<string, Rule<ListedDifference>>> = {
  mounts: byCall({
    appeared: ["mount", "move_mount", "pivot_root"],
    changed: ["mount", "mount_setattr", "fsconfig", "move_mount", "open_tree_attr"],
    vanished: ["umount2", "move_mount", "pivot_root"],
  }),
  ipc: fitsIpc,
  keys: fitsKey,
  storage: fitsStorage,
  network: fitsNetwork,
  sysctls: fitsSetting,
  modules: byCall({
    appeared: ["init_module", "finit_module"],
    changed: ["init_module", "finit_module", "delete_module"],
    vanished: ["delete_module"],
  }),
  bpf: byCall({ appeared: ["bpf"], changed: ["bpf"], vanished: ["bpf"] }),
  namespaces: byCall({ appeared: ["unshare", "setns", "mount"], changed: ["setns"], vanished: ["umount2"] }),
};

function byCall(calls: Readonly<Record<ListedDifference["change"], readonly string[]>>): Rule<ListedDifference> {
  return ({ call }, { change }) => (calls[change].includes(call) ? "possible" : "none");
}

/** The tables of sysvipc(7): keys of facts are `shm 5`. POSIX queues are known by name only, which no event holds. */
function fitsIpc({ call, parameters, returned }: Act, { key, change }: ListedDifference): Fit {
  const [table = "", id = ""] = key.split(" ");
  if (call === "mq_open" || call === "mq_unlink") return /mq|posix|queue/.test(table) ? "possible" : "none";
  if (call === `${table}get` && change !== "vanished") return fitsNumber(returned, id);
  return call === `${table}ctl` && change !== "appeared" && parameters["id"] === id ? "certain" : "none";
}

/** Facts have the serial as /proc/keys writes it: hexadecimal. */
function fitsKey({ call, parameters, returned }: Act, { key }: ListedDifference): Fit {
  const serial = String(Number.parseInt(key, 16) | 0);
  if (call === "add_key" || call === "request_key") return fitsNumber(returned, serial);
  if (call !== "keyctl") return "none";
  if (parameters["key"] === serial) return "certain";
  return returned !== null && String(returned) === serial ? "certain" : "none";
}

function fitsNumber(returned: number | null, id: string): Fit {
  if (returned === null) return "possible";
  return String(returned) === id ? "certain" : "none";
}

function fitsStorage({ call, parameters }: Act, { key }: ListedDifference): Fit {
  if (key.startsWith("swap ")) return call === "swapon" || call === "swapoff" ? "possible" : "none";
  const command = parameters["command"] ?? "";
  const kinds = key.startsWith("loop") ? ["LOOP_", "BLK"] : key.startsWith("dm-") ? ["DM_"] : ["BLK", "MD_", "DM_"];
  return call === "ioctl" && kinds.some((kind) => command.startsWith(kind)) ? "possible" : "none";
}

const configuringFamilies: readonly (string | undefined)[] = ["AF_NETLINK", "AF_KEY"];
const observingProtocols: readonly (string | undefined)[] = [
  "NETLINK_SOCK_DIAG",
  "NETLINK_AUDIT",
  "NETLINK_KOBJECT_UEVENT",
];

/** By a netlink socket everything of the network is set (netlink(7)); by ioctl(2) what netdevice(7) and arp(7) name. */
function fitsNetwork({ call, parameters }: Act): Fit {
  if (call === "socket") {
    const { family, protocol } = parameters;
    return configuringFamilies.includes(family) && !observingProtocols.includes(protocol) ? "possible" : "none";
  }
  if (call !== "ioctl") return "none";
  return /^(?:SIOC|TUN)/.test(parameters["command"] ?? "") ? "possible" : "none";
}

const settingCalls: Readonly<Record<string, readonly string[]>> = {
  "kernel.hostname": ["sethostname"],
  "kernel.domainname": ["setdomainname"],
  "kernel.acct": ["acct"],
  "kernel.printk": ["syslog"],
  "kernel.ctrl-alt-del": ["reboot"],
};

function fitsSetting({ call }: Act, { key }: ListedDifference): Fit {
  return settingCalls[key]?.includes(call) === true ? "certain" : "none";
}

const pidParameters: readonly string[] = ["pid", "who"];
const groupKinds: readonly string[] = ["PRIO_PGRP", "PRIO_USER", "IOPRIO_WHO_PGRP", "IOPRIO_WHO_USER"];

/** What one process does to another one: its priority, its processors, its limits, its end. */
export function fitsProcess({ call, parameters }: Act, { before, after, change }: ProcessDifference): Fit {
  const pid = String((after ?? before)?.pid ?? "");
  const kills = call === "kill" || call === "tgkill";
  if (kills !== (change === "vanished")) return "none";
  if (groupKinds.includes(parameters["which"] ?? "")) return "possible";
  return pidParameters.some((name) => parameters[name] === pid) ? "certain" : "none";
}

/** Who changes the attributes of chattr(1): the call has a descriptor only. */
export function setsFileFlags({ call, parameters }: Act): boolean {
  if (call === "file_setattr") return true;
  return call === "ioctl" && (parameters["command"] ?? "").startsWith("FS_IOC");
}
