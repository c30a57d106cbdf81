import { describe, expect, it } from "vitest";

import {
  as,
  changedFile,
  changedGroupOf,
  changedListed,
  groupOf,
  lineOf,
  ofUser,
  settingOf,
  directory,
  duringRun,
  gone,
  goneFile,
  goneListed,
  goneSocket,
  inDirectory,
  moved,
  named,
  newFile,
  newProcess,
  newSocket,
  ofListed,
  ruleFor,
  seenOfJob,
  stampedAtOnce,
  stopped,
} from "../testing/noise-cases.ts";
import { processFixture } from "../testing/snapshot-fixture.ts";
import type { Difference } from "./difference.ts";
import type { NoiseCase } from "./noise-rule.ts";
import { noiseRules } from "./noise-rules.ts";

const ofTheirs: NoiseCase["attribution"] = {
  to: "background",
  evidence: [{ kind: "path", detail: "its name is of the run theirs, which went on at the same time" }],
};

const ofTheirHarness: NoiseCase["attribution"] = {
  to: "background",
  evidence: [{ kind: "parent", detail: "is the harness of the run theirs, which went on at the same time" }],
};

const excusedCases: [string, Difference, Partial<NoiseCase>][] = [
  ["told-with-device", ofListed("sysctls", "/sys/block/zram1/queue/iostats", "appeared"), {}],
  ["device-by-itself", ofListed("sysctls", "/sys/devices/usb1/power/control", "appeared"), {}],
  ["device-unseen", ofListed("sysctls", "/sys/devices/usb1/power/control", "vanished"), { isMovingSeen: () => false }],
  ["told-with-device", ofListed("sysctls", "/proc/irq/77/smp_affinity", "vanished"), {}],
  ["told-with-device", ofListed("sysctls", "/sys/devices/virtual/bdi/0:57/max_ratio", "appeared"), {}],
  ["told-with-device", ofListed("sysctls", "/sys/devices/virtual/bdi/btrfs-3/max_ratio", "appeared"), {}],
  ["told-with-device", ofListed("sysctls", "/sys/devices/virtual/bdi/7:3/max_ratio", "appeared"), {}],
  ["balanced-interrupts", moved("/proc/irq/7/smp_affinity"), {}],
  ["told-with-namespace", ofListed("sysctls", `${gone} settings`, "vanished", "/proc/sys/net"), {}],
  ["told-with-namespace", ofListed("network", `${gone} route x`, "vanished"), {}],
  [
    "told-with-namespace",
    ofListed("network", `${gone} route x`, "vanished"),
    { ...seenOfJob, isFoundNamespace: () => true },
  ],
  ["harness-keeps", newFile("/srv/.scenarios/run-1/history.jsonl"), as("harness")],
  ["harness-keeps", newFile("/srv/.scenarios", directory), {}],
  ["harness-keeps", newFile("/srv/.scenarios/run-1/history.jsonl"), named("harness")],
  ["harness-keeps", newFile("/srv/.scenarios/run-1/logs", { ...directory, permissions: 0o755 }), named("harness")],
  ["harness-keeps", changedFile("/srv/.scenarios/run-1/x.json", {}, ["ino", "mtime", "ctime"]), named("harness")],
  ["harness-keeps", changedFile("/srv/.scenarios/latest", { kind: "symlink" }, ["ino", "mtime"]), named("harness")],
  ["harness-process", newSocket({ owners: [60] }), {}],
  ["reads-the-report", newProcess({ pid: 62 }), {}],
  [
    "run-cgroup",
    {
      surface: "cgroups",
      key: "/run-1",
      change: "appeared",
      before: null,
      after: { path: "/run-1", directory: "/x", inode: 1 },
      changed: [],
    },
    {},
  ],
  ["directory-times", changedFile("/tmp", directory, ["mtime", "ctime", "size"]), {}],
  ["directory-times", changedFile("/var/spool/cron/crontabs", stampedAtOnce, ["mtime", "ctime"]), seenOfJob],
  ["device-times", changedFile("/dev/tty1", { kind: "character device" }, ["mtime", "ctime"]), {}],
  ["login-records", changedFile("/run/utmp", {}, ["mtime", "ctime", "size"]), {}],
  ["login-records", changedFile("/var/log/wtmp", { size: 1152 }, ["mtime", "ctime", "size"]), {}],
  ["others-file-grew", changedFile("/var/log/x", { size: 800 }, ["mtime", "ctime", "size"]), { watcherUid: 1000 }],
  ["others-entry", newFile("/tmp/of-root", duringRun), inDirectory(0o1777)],
  ["others-entry", newFile("/tmp/of-root", { ...duringRun, kind: "directory", links: 2 }), inDirectory(0o1777)],
  ["others-entry", newFile("/open/of-root", duringRun), inDirectory(0o777)],
  ["others-entry", newFile("/var/lib/moved-there", { links: 2 }), inDirectory(0o755)],
  ["others-entry", goneFile("/tmp/of-root"), inDirectory(0o1777)],
  ["others-entry", goneFile("/var/lib/x"), inDirectory(0o755)],
  ["others-file", changedFile("/var/x", { size: 1 }, ["size", "mtime"]), inDirectory(0o777)],
  ["others-file", changedFile("/var/x", { permissions: 0o600 }, ["mode", "ctime"]), inDirectory(0o755)],
  ["others-file", changedFile("/var/x", { ino: 8, links: 1 }, ["ino", "btime"]), inDirectory(0o755)],
  [
    "others-file",
    changedFile("/var/x", { kind: "symlink", permissions: 0o777, ino: 8, links: 1 }, ["ino"]),
    inDirectory(0o755),
  ],
  ["others-file", changedFile("/tmp/x", { ...duringRun, ino: 8 }, ["ino", "btime"]), inDirectory(0o1777)],
  ["others-line", lineOf("/etc/of-others"), { watcherUid: 1000 }],
  ["others-thing", newSocket({ uid: 0, owners: null }), { watcherUid: 1000 }],
  ["others-thing", goneSocket({ uid: 0, owners: null }), { watcherUid: 1000 }],
  ["others-thing", settingOf({ uid: 0 }), { watcherUid: 1000 }],
  ["others-thing", settingOf({ uid: 0 }), { watcherUid: 1000, ...as("background") }],
  ["others-thing", ofUser(0, "0"), { watcherUid: 1000 }],
  ["others-thing", groupOf("0:0"), { watcherUid: 1000 }],
  ["kernel-thread", newProcess({ kernelThread: true }), {}],
  ["waits-for-init", newProcess({ state: "Z", parent: 1 }), {}],
  ["ended", { ...newProcess({}), change: "vanished", before: processFixture({ pid: 9 }), after: null }, {}],
  [
    "ended",
    { surface: "cgroups", key: "/user.slice/x", change: "vanished", before: null, after: null, changed: [] },
    {},
  ],
  ["ended", goneSocket({ state: "connected", remote: "127.0.0.1:1" }), {}],
  ["ended", goneSocket({ protocol: "udp", state: "bound", local: "127.0.0.1:40000" }), {}],
  ["ended", goneSocket({ protocol: "udp", state: "connected", local: "127.0.0.1:53", remote: "127.0.0.1:1" }), {}],
  ["ended", goneSocket({ protocol: "unix", state: "listening", local: "@abstract" }), {}],
  ["ended", goneSocket({ owners: [61] }), {}],
  ["ended", goneListed("keys"), {}],
  ["kernel-counter", changedListed("sysctls", { isCounter: true }), {}],
  ["kept-by-process", changedListed("open-files", { holders: [9, 60] }), {}],
  ["ended", { ...changedListed("namespaces", { holders: [70] }), change: "vanished", after: null }, {}],
  ["stopped-by-terminal", stopped("T", 5), {}],
  ["moves-in-use", changedListed("ipc", { movesInUse: ["value"] }), {}],
  ["moves-unseen", changedListed("ipc", { movesInUse: ["value"] }), { isMovingSeen: () => false }],
  ["closing-connection", newSocket({ inodes: [], remote: "127.0.0.1:1", state: "time-wait" }), {}],
  ["told-with-process", newSocket({ owners: [9], state: "connected", remote: "127.0.0.1:1" }), {}],
  ["told-with-crontab", newFile("/etc/cron.d/found"), {}],
  ["told-with-line", changedFile("/etc/found", {}, ["mtime", "ctime", "size", "ino", "btime"]), {}],
  ["told-with-socket", newFile("/tmp/found.sock", { kind: "socket" }), {}],
  [
    "other-run",
    newFile("/runs/theirs/history.jsonl"),
    {
      attribution: ofTheirs,
    },
  ],
  // Root's, by its name alone: an ordinary user sees no more of it.
  ["other-run", changedGroupOf("0:0"), { watcherUid: 1000, attribution: ofTheirs }],
  // Its harness, read while the shell that starts it was in the middle of that.
  ["other-run", { ...settingOf({ pid: 701 }), changed: ["executable", "affinity"] }, { attribution: ofTheirHarness }],
  [
    "other-run",
    { ...settingOf({ pid: 701 }), changed: ["executable", "uid", "nice", "scheduling", "ioPriority", "limits"] },
    { attribution: ofTheirHarness },
  ],
  ["foreign-process", changedFile("/var/log/x.log", {}, ["mtime", "ctime", "size"]), as("background")],
  ["foreign-process", newSocket({ owners: [70] }), as("background")],
];

describe("the noise rules excuse", () => {
  it.each(excusedCases)("%s", (id, difference, parts) => {
    expect(ruleFor(difference, parts)).toBe(id);
  });

  it("and none is without a case and a reason", () => {
    expect(new Set(excusedCases.map(([id]) => id))).toEqual(new Set(noiseRules.map(({ id }) => id)));
    expect(noiseRules.filter(({ reason }) => !reason.endsWith("."))).toEqual([]);
  });
});
