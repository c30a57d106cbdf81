import { describe, expect, test } from "vitest";

import { explanationBy } from "./call-surfaces.ts";
import { callsOfSurfaces, surfacesOfCalls, userKey } from "./surface-calls.ts";
import type { NamespaceKind } from "./namespace-tracker.ts";
import type { Act } from "./recording.ts";
import { signalCall } from "./signal-events.ts";
import { tracedCalls } from "./traced-calls.ts";

const act = (call: string, parameters: Act["parameters"] = {}, returned: number | null = 0): Act => ({
  by: 1,
  call,
  parameters,
  returned,
  atMs: 0,
});

describe("which act explains which fact", () => {
  test("a segment is named by the id that came back, and no other is explained by it", () => {
    expect(explanationBy(act("shmget", { key: "0" }, 5), "ipc", "shm 5")).toBe("names");
    expect(explanationBy(act("shmget", { key: "0" }, 5), "ipc", "shm 6")).toBeNull();
    expect(explanationBy(act("shmget", { key: "0" }, 5), "ipc", "sem 5")).toBeNull();
    expect(explanationBy(act("shmctl", { id: "6", command: "IPC_RMID" }), "ipc", "shm 6")).toBe("names");
  });

  test("a key is named in the digits of /proc/keys, by what came back or by what was given", () => {
    expect(explanationBy(act("add_key", {}, 0x2a), "keys", "0000002a")).toBe("names");
    const revoked = { option: "KEYCTL_REVOKE", key: String(0x2a) };
    expect(explanationBy(act("keyctl", revoked), "keys", "0000002a")).toBe("names");
    expect(explanationBy(act("keyctl", revoked), "keys", "0000002b")).toBeNull();
    // A session keyring by its special number could be any.
    expect(explanationBy(act("keyctl", { option: "KEYCTL_CLEAR", key: "-3" }), "keys", "0000002b")).toBe("kind");
    expect(explanationBy(act("keyctl", { option: "KEYCTL_JOIN_SESSION_KEYRING" }, 0x2b), "keys", "0000002b")).toBe(
      "names",
    );
  });

  test("a mount could be any mount, and nothing of another surface", () => {
    expect(explanationBy(act("mount"), "mounts", "/mnt/x")).toBe("kind");
    expect(explanationBy(act("mount"), "ipc", "shm 0")).toBeNull();
  });

  test("a call that failed explains nothing; one whose end was not seen does", () => {
    expect(explanationBy(act("mount", {}, -1), "mounts", "/mnt/x")).toBeNull();
    expect(explanationBy(act("mount", {}, null), "mounts", "/mnt/x")).toBe("kind");
    expect(explanationBy(act("shmget", {}, null), "ipc", "shm 5")).toBe("kind");
  });

  test("swapping explains what is swapped to and no block device; loop devices the other way round", () => {
    expect(explanationBy(act("swapon"), "storage", "swap /swapfile")).toBe("kind");
    expect(explanationBy(act("swapon"), "storage", "loop0")).toBeNull();
    const configured = act("ioctl", { command: "LOOP_CONFIGURE" }, null);
    expect(explanationBy(configured, "storage", "loop0")).toBe("near");
    expect(explanationBy(act("mount"), "storage", "loop0")).toBe("kind");
    expect(explanationBy(configured, "storage", "swap /swapfile")).toBeNull();
    expect(explanationBy(configured, "network", "interface tap0")).toBeNull();
  });

  test("a socket explains what it can ask for", () => {
    const route = act("socket", { family: "AF_NETLINK", type: "3", protocol: "NETLINK_ROUTE" }, null);
    expect(explanationBy(route, "network", "address 10.0.0.1")).toBe("kind");
    expect(explanationBy(route, "sysctls", "net.ipv4.ip_forward")).toBeNull();
    expect(explanationBy(route, "sysctls", "vm.swappiness")).toBeNull();
    expect(explanationBy(route, "firewall", "table ip x")).toBeNull();
    const raw = act("socket", { family: "AF_INET", type: String(0o2000003), protocol: "255" }, null);
    expect(explanationBy(raw, "firewall", "filter")).toBe("kind");
    expect(explanationBy(raw, "firewall", "nft table ip x")).toBeNull();
  });

  test("a notification names what changed, and is near to what else is of its interface", () => {
    const keys = ["address fd00::1/64 on br0", "interface br1"].join("\0");
    const told = act("rtnetlink", { message: "RTM_NEWADDR", keys });
    expect(explanationBy(told, "network", "interface br1")).toBe("names");
    for (const key of ["interface br0", "route fd00::/64 dev br0 via :: metric 256", "queue br0 ffffffff 0"]) {
      expect(explanationBy(told, "network", key)).toBe("near");
    }
    expect(explanationBy(told, "network", "interface br00")).toBeNull();
    expect(explanationBy(told, "network", "rule ipv4 0 all all")).toBeNull();
    expect(explanationBy(told, "sysctls", "net.ipv4.ip_forward")).toBeNull();
  });

  test("what is set of a process names it by its pid, whatever its start time", () => {
    const renice = act("setpriority", { which: "PRIO_PROCESS", who: "42", value: "5" });
    expect(explanationBy(renice, "processes", "42@9999")).toBe("names");
    expect(explanationBy(renice, "processes", "421@9999")).toBeNull();
    const ofUser = act("setpriority", { which: "PRIO_USER", who: "42" });
    expect(explanationBy(ofUser, "processes", "42@9999")).toBeNull();
    expect(explanationBy(ofUser, "processes", userKey(42))).toBe("names");
  });

  test("what was done in a namespace of one's own explains nothing of the host", () => {
    const apart = (kind: NamespaceKind, one: Act): Act => ({ ...one, apart: [kind] });
    expect(explanationBy(apart("mnt", act("mount")), "mounts", "/mnt/x")).toBeNull();
    expect(explanationBy(apart("mnt", act("mount")), "files", "/mnt/x")).toBeNull();
    expect(explanationBy(apart("ipc", act("shmget", {}, 5)), "ipc", "shm 5")).toBeNull();
    expect(explanationBy(apart("net", act("shmget", {}, 5)), "ipc", "shm 5")).toBe("names");
    expect(explanationBy(apart("uts", act("sethostname")), "sysctls", "kernel.hostname")).toBeNull();
    // Pids are others there; swap is the whole kernel's.
    const reniced = act("setpriority", { which: "PRIO_PROCESS", who: "42", value: "7" });
    expect(explanationBy(apart("pid", reniced), "processes", "42@1")).toBe("kind");
    // Whom a signal reached is told from outside.
    const killed = act("kill", { pid: "42", signal: "SIGKILL" });
    expect(explanationBy(apart("pid", killed), "processes", "42@1")).toBe("names");
    expect(explanationBy(apart("pid", killed), "processes", "43@1")).toBeNull();
    expect(explanationBy(apart("mnt", act("swapon")), "storage", "swap /x")).toBe("kind");
  });

  test("what is in others' namespaces is explained by whoever was in one, and by its name there", () => {
    const elsewhere = (parts: Partial<Act>, one: Act): Act => ({ ...one, ...parts });
    const made = act("shmget", { key: "0" }, 5);
    expect(explanationBy(made, "ipc", "ipc:[7] shm 5")).toBeNull();
    expect(explanationBy(elsewhere({ apart: ["ipc"] }, made), "ipc", "ipc:[7] shm 5")).toBe("names");
    // Into which one it went is not known: it may be the host's.
    expect(explanationBy(elsewhere({ entered: ["ipc"] }, made), "ipc", "ipc:[7] shm 5")).toBe("names");
    expect(explanationBy(elsewhere({ entered: ["ipc"] }, made), "ipc", "shm 5")).toBe("names");
    expect(explanationBy(elsewhere({ entered: ["mnt"] }, made), "ipc", "ipc:[7] shm 5")).toBeNull();
    const mounted = act("mount", { targets: "/mnt/x" });
    // What is mounted here is handed on.
    expect(explanationBy(mounted, "mounts", "mnt:[7] /mnt/x")).toBe("names");
    expect(explanationBy(mounted, "mounts", "mnt:[7] /mnt/y")).toBeNull();
    expect(explanationBy(act("mount"), "mounts", "mnt:[7] /mnt/y")).toBeNull();
    expect(explanationBy(elsewhere({ entered: ["mnt"] }, act("mount")), "mounts", "mnt:[7] /mnt/y")).toBe("kind");
    const told = act("rtnetlink", { message: "RTM_NEWADDR", keys: "address 10.0.0.1" });
    expect(explanationBy(elsewhere({ apart: ["net"] }, told), "network", "net:[7] address 10.0.0.1")).toBeNull();
  });

  test("a call of bpf(2) explains one kind of its objects", () => {
    const call = (command: string) => act("bpf", { command }, 5);
    expect(explanationBy(call("BPF_MAP_CREATE"), "kernel", "bpf map 7")).toBe("kind");
    expect(explanationBy(call("BPF_MAP_CREATE"), "kernel", "bpf prog 7")).toBeNull();
    expect(explanationBy(call("BPF_PROG_LOAD"), "kernel", "bpf prog 7")).toBe("kind");
    expect(explanationBy(call("BPF_OBJ_PIN"), "kernel", "pin /sys/fs/bpf/x")).toBe("kind");
    expect(explanationBy(act("finit_module"), "kernel", "module dummy")).toBe("kind");
    expect(explanationBy(act("adjtimex"), "kernel", "clock")).toBe("kind");
  });

  test("the host's name is one setting", () => {
    expect(explanationBy(act("sethostname"), "sysctls", "kernel.hostname")).toBe("names");
    expect(explanationBy(act("sethostname"), "sysctls", "kernel.domainname")).toBeNull();
  });

  test("every call of the table is one that is traced, or told by the network or of signals", () => {
    const traced = new Set(["rtnetlink", signalCall, ...tracedCalls.map(({ call }) => call)]);
    expect([...callsOfSurfaces()].filter((call) => !traced.has(call))).toEqual([]);
    expect(surfacesOfCalls()).toContain("mounts");
  });
});
