import { describe, expect, it } from "vitest";

import { contextFixture, listedFixture, processFixture, socketFixture } from "../testing/snapshot-fixture.ts";
import type {
  Difference,
  FileDifference,
  ListedDifference,
  ProcessDifference,
  SocketDifference,
} from "./difference.ts";
import type { ListedSurface, ProcessFact, SocketFact } from "./fact.ts";
import type { FileFact } from "./file-fact.ts";
import type { NoiseCase } from "./noise-rule.ts";
import { noiseRules } from "./noise-rules.ts";

const file: FileFact = {
  kind: "file",
  permissions: 0o644,
  uid: 0,
  gid: 0,
  links: 1,
  ino: 7,
  size: 768,
  device: null,
  modifiedNs: 1n,
  changedNs: 1n,
  bornNs: 1n,
  flags: [],
  xattrs: [],
};

function changedFile(key: string, parts: Partial<FileFact>, changed: string[]): FileDifference {
  return { surface: "files", key, change: "changed", before: file, after: { ...file, ...parts }, changed };
}
function newFile(key: string, parts: Partial<FileFact> = {}): FileDifference {
  return { surface: "files", key, change: "appeared", before: null, after: { ...file, ...parts }, changed: [] };
}
function newProcess(parts: Partial<ProcessFact>): ProcessDifference {
  return {
    surface: "processes",
    key: "9@9",
    change: "appeared",
    before: null,
    after: processFixture({ pid: 9, ...parts }),
    changed: [],
  };
}
function newSocket(parts: Partial<SocketFact>): SocketDifference {
  return {
    surface: "sockets",
    key: "s",
    change: "appeared",
    before: null,
    after: socketFixture({ key: "s", ...parts }),
    changed: [],
  };
}

function changedListed(
  surface: ListedSurface,
  parts: { isCounter?: boolean; movesInUse?: readonly string[]; holders?: readonly number[] },
): ListedDifference {
  const fact = listedFixture({ key: "k", attributes: { value: "2" }, ...parts });
  const before = { ...fact, attributes: { value: "1" } };
  return { surface, key: "k", change: "changed", before, after: fact, changed: ["value"] };
}

function goneListed(surface: ListedSurface): ListedDifference {
  return { ...changedListed(surface, { isCounter: true }), change: "vanished", after: null, changed: [] };
}

function goneSocket(parts: Partial<SocketFact>): SocketDifference {
  return {
    ...newSocket({}),
    change: "vanished",
    before: socketFixture({ key: "s", owners: [70], ...parts }),
    after: null,
  };
}

/** The id of the rule that excuses it, or undefined. */
function ruleFor(difference: Difference, parts: Partial<Omit<NoiseCase, "difference">> = {}): string | undefined {
  const noise: NoiseCase = {
    difference,
    attribution: { to: "unknown", evidence: [] },
    context: contextFixture({ harnessPaths: ["/srv/.scenarios/run-1"] }),
    cgroupPrefixes: ["/run-1"],
    watcherUid: 0,
    directory: () => null,
    isFoundProcess: (pid) => pid === 9,
    isFoundLine: (path) => path === "/etc/found",
    isFoundCrontab: (path) => path === "/etc/cron.d/found",
    isFoundSocket: (path) => path === "/tmp/found.sock",
    isOfNamespace: (name, change) => name === "net:[4026532001]" && change === "vanished",
    isFoundNamespace: (name) => name === "net:[4026532009]",
    isLeftAlone: () => true,
    isOnOthersTerminal: ({ terminal }) => terminal === 5,
    isToldDevice: (device, change) => ["0:57", "btrfs"].includes(device) && change === "appeared",
    isWatched: false,
    ranThroughout: (name) => name === "irqbalance",
    isScanner: (pid) => pid === 60,
    isReader: (pid) => pid === 62,
    wasScanner: (pid) => pid === 61,
    ...parts,
  };
  return noiseRules.find((rule) => rule.matches(noise))?.id;
}

const as = (to: NoiseCase["attribution"]["to"]) => ({ attribution: { to, evidence: [] } });
const directory = { kind: "directory" } as const;
/** The same where the harness has named its files. */
const named = (to: NoiseCase["attribution"]["to"]) => ({
  ...as(to),
  context: contextFixture({ harnessPaths: ["/srv/.scenarios/run-1"], harnessFiles: ["history.jsonl", "logs/*.log"] }),
});

/** For an ordinary watcher; the run began at 1000 ms. */
const inDirectory = (permissions: number, uid = 0): Partial<NoiseCase> => ({
  watcherUid: 1000,
  directory: () => ({ ...file, kind: "directory", permissions, uid }),
});
const duringRun = { bornNs: 1_500_000_000n } as const;
const goneFile = (key: string, parts: Partial<FileFact> = {}): FileDifference => ({
  ...newFile(key),
  change: "vanished",
  before: { ...file, ...parts },
  after: null,
});

/** As an entry that comes or goes stamps its directory: now in one clock, and the last tick of another. */
const stampedAtOnce = { ...directory, modifiedNs: 2_003_000_000n, changedNs: 2_000_000_000n };
const seenOfJob: Partial<NoiseCase> = {
  attribution: { to: "job", evidence: [{ kind: "recorder", detail: "process 9 of the job changed its attributes" }] },
};

const ofListed = (
  surface: ListedSurface,
  key: string,
  change: "appeared" | "vanished",
  location = key,
): ListedDifference => {
  const fact = listedFixture({ key, location });
  const [before, after] = change === "appeared" ? [null, fact] : [fact, null];
  return { surface, key, change, before, after, changed: [] };
};
const gone = "net:[4026532001]";

const stopped = (state: string, terminal: number): ProcessDifference => {
  const after = processFixture({ pid: 500, state, terminal });
  return { surface: "processes", key: "500@1", change: "changed", before: after, after, changed: ["stopped"] };
};

const moved = (location: string): ListedDifference => {
  const fact = listedFixture({ key: location, location });
  return { surface: "sysctls", key: location, change: "changed", before: fact, after: fact, changed: ["value"] };
};

const excusedCases: [string, Difference, Partial<NoiseCase>][] = [
  ["told-with-device", ofListed("sysctls", "/sys/block/zram1/queue/iostats", "appeared"), {}],
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
  ["closing-connection", newSocket({ inodes: [], remote: "127.0.0.1:1", state: "time-wait" }), {}],
  ["told-with-process", newSocket({ owners: [9], state: "connected", remote: "127.0.0.1:1" }), {}],
  ["told-with-crontab", newFile("/etc/cron.d/found"), {}],
  ["told-with-line", changedFile("/etc/found", {}, ["mtime", "ctime", "size", "ino", "btime"]), {}],
  ["told-with-socket", newFile("/tmp/found.sock", { kind: "socket" }), {}],
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

describe("the noise rules do not excuse", () => {
  it.each<[string, Difference, Partial<NoiseCase>]>([
    ["a setting of a device that changed", { ...changedListed("sysctls", {}), key: "/sys/block/sda/queue/x" }, {}],
    [
      "what the run was seen to move, which its use moves too",
      changedListed("ipc", { movesInUse: ["value"] }),
      as("job"),
    ],
    ["more of it than its use moves", changedListed("ipc", { movesInUse: ["other"] }), {}],
    ["a setting of the kernel that came", ofListed("sysctls", "x.y", "appeared", "/proc/sys/x/y"), {}],
    [
      "what the run took out of one that is not reported",
      ofListed("network", `${gone} route x`, "vanished"),
      seenOfJob,
    ],
    ["what went out of a namespace that is still there", ofListed("network", "net:[1] route x", "vanished"), {}],
    ["a file in the run directory that is the agent's", newFile("/srv/.scenarios/run-1/agent/key"), as("agent")],
    ["a file that the harness's run directory lost", { ...newFile("/srv/x"), change: "vanished" }, as("harness")],
    ["a new directory that only begins like one above the run directory", newFile("/srv/.scen", directory), {}],
    [
      "an executable by a name of the harness's",
      newFile("/srv/.scenarios/run-1/x", { permissions: 0o755 }),
      named("harness"),
    ],
    ["a set-id file by such a name", newFile("/srv/.scenarios/run-1/x", { permissions: 0o4644 }), named("harness")],
    [
      "a set-id directory by such a name",
      newFile("/srv/.scenarios/run-1/x", { ...directory, permissions: 0o2755 }),
      named("harness"),
    ],
    ["a link by such a name", newFile("/srv/.scenarios/run-1/x", { kind: "symlink" }), named("harness")],
    [
      "a file of the harness whose mode changed",
      changedFile("/srv/.scenarios/run-1/x", {}, ["mode", "ctime"]),
      named("harness"),
    ],
    [
      "a file of the harness whose owner changed",
      changedFile("/srv/.scenarios/run-1/x", {}, ["uid", "ctime"]),
      named("harness"),
    ],
    ["a file in the run directory that is not the harness's", newFile("/srv/.scenarios/run-1/evil"), named("unknown")],
    [
      "a directory's time that the job forged",
      changedFile("/srv", { ...directory, modifiedNs: 1n, changedNs: 2_000_000_000n }, ["mtime", "ctime"]),
      seenOfJob,
    ],
    ["a directory whose mode the job changed", changedFile("/srv", stampedAtOnce, ["mode", "ctime"]), seenOfJob],
    ["a directory whose mode changed", changedFile("/tmp", directory, ["mode", "ctime"]), {}],
    ["a directory whose attributes changed", changedFile("/tmp", directory, ["xattrs", "ctime"]), {}],
    ["a directory that was replaced", changedFile("/tmp", directory, ["ino", "ctime"]), {}],
    ["a device whose mode changed", changedFile("/dev/null", { kind: "character device" }, ["mode", "ctime"]), {}],
    ["a file whose times alone changed", changedFile("/etc/passwd", {}, ["ctime"]), {}],
    ["a file that root sees growing", changedFile("/var/log/x", { size: 800 }, ["size"]), {}],
    ["a file of this user's own", changedFile("/x", { uid: 1000 }, ["mtime"]), { watcherUid: 1000 }],
    ["a file that this user may write", changedFile("/x", { permissions: 0o666 }, ["mtime"]), { watcherUid: 1000 }],
    ["another's file that shrank", changedFile("/x", { size: 1 }, ["size"]), { watcherUid: 1000 }],
    ["another's file that was replaced", changedFile("/x", {}, ["ino", "ctime"]), { watcherUid: 1000 }],
    ["another's new file that root sees", newFile("/tmp/x", duringRun), { ...inDirectory(0o1777), watcherUid: 0 }],
    ["this user's own new file", newFile("/tmp/x", { ...duringRun, uid: 1000 }), inDirectory(0o1777)],
    ["a file of a user's own namespace", newFile("/tmp/x", { ...duringRun, uid: 100_000 }), inDirectory(0o1777)],
    ["another's file that is older than the run", newFile("/tmp/x", { bornNs: 900_000_000n }), inDirectory(0o1777)],
    ["another's file of unknown age", newFile("/tmp/x", { bornNs: 0n }), inDirectory(0o1777)],
    ["another's file with a second name", newFile("/tmp/x", { ...duringRun, links: 2 }), inDirectory(0o1777)],
    ["another's set-id file", newFile("/tmp/x", { ...duringRun, permissions: 0o4755 }), inDirectory(0o1777)],
    ["another's device", newFile("/tmp/x", { ...duringRun, kind: "block device" }), inDirectory(0o1777)],
    ["another's file of the run", newFile("/tmp/x", duringRun), { ...inDirectory(0o1777), ...as("agent") }],
    ["another's file in this user's directory", newFile("/home/u/x", duringRun), inDirectory(0o755, 1000)],
    ["another's file in a directory that was not read", newFile("/x/y", duringRun), { watcherUid: 1000 }],
    ["another's file that this user could remove", goneFile("/open/x"), inDirectory(0o777)],
    ["another's file that this user's group could remove", goneFile("/open/x"), inDirectory(0o775)],
    ["another's file gone from this user's sticky directory", goneFile("/open/x"), inDirectory(0o1777, 1000)],
    ["this user's file gone from a sticky directory", goneFile("/tmp/x", { uid: 1000 }), inDirectory(0o1777)],
    [
      "another's file that was replaced by this user's",
      changedFile("/tmp/x", { uid: 1 }, ["uid"]),
      inDirectory(0o1777),
    ],
    ["login records that are no whole records", changedFile("/run/utmp", { size: 400 }, ["size"]), {}],
    ["login records that shrank", changedFile("/run/utmp", { size: 384 }, ["mtime", "ctime", "size"]), {}],
    ["login records that were emptied", changedFile("/var/log/wtmp", { size: 0 }, ["mtime", "ctime", "size"]), {}],
    ["a login record that was written over", changedFile("/var/log/wtmp", {}, ["mtime", "ctime"]), {}],
    ["last logins that shrank", changedFile("/var/log/lastlog", { size: 292 }, ["mtime", "ctime", "size"]), {}],
    ["login records that the agent writes", changedFile("/run/utmp", {}, ["mtime", "ctime"]), as("agent")],
    ["login records that a job writes", changedFile("/run/utmp", {}, ["mtime", "ctime"]), as("job")],
    ["another file of that name", changedFile("/tmp/utmp", {}, ["size"]), {}],
    [
      "writing to a mount that nobody sees",
      ofListed("sysctls", "/sys/devices/virtual/bdi/0:58/max_ratio", "appeared"),
      {},
    ],
    ["an interrupt that somebody watched did not move", moved("/proc/irq/7/smp_affinity"), { isWatched: true }],
    ["an interrupt where none are balanced", moved("/proc/irq/7/smp_affinity"), { ranThroughout: () => false }],
    ["where new interrupts go", moved("/proc/irq/default_smp_affinity"), {}],
    ["a process that stopped on no terminal", stopped("T", 0), {}],
    [
      "a process that stopped where a call of the run's may have done it",
      stopped("T", 5),
      { isLeftAlone: () => false },
    ],
    ["a process that goes on", stopped("S", 5), {}],
    ["a process that the agent started, and that stopped", stopped("T", 5), as("agent")],
    ["a process with a name in brackets", newProcess({ name: "[kworker/0:1]", commandLine: "" }), {}],
    ["a dead process whose parent lives on", newProcess({ state: "Z", parent: 50 }), {}],
    ["a listening tcp socket that is gone", goneSocket({}), {}],
    ["a listening tcp socket that is gone, whoever held it", goneSocket({ owners: null }), {}],
    ["a listening tcp socket that is gone, held by nobody", goneSocket({ owners: [] }), {}],
    ["a listening tcp socket that the scanner shared", goneSocket({ owners: [61, 70] }), {}],
    ["a listening tcp6 socket that is gone", goneSocket({ protocol: "tcp6", local: "[::1]:41000" }), {}],
    ["a udp service that is gone", goneSocket({ protocol: "udp", state: "bound", local: "[::]:53" }), {}],
    ["a listening unix socket that is gone", goneSocket({ protocol: "unix", local: "/run/db.sock" }), {}],
    ["a setting of the kernel", changedListed("sysctls", {}), {}],
    ["a deleted file that another keeps too", changedListed("open-files", { holders: [9, 70] }), {}],
    ["a counter of the kernel that is gone", goneListed("sysctls"), {}],
    ["a mount that is gone", goneListed("mounts"), {}],
    ["a dead process of the agent", newProcess({ state: "Z", parent: 1 }), as("agent")],
    ["a dead process of a job", newProcess({ state: "Z", parent: 1 }), as("job")],
    ["a listening socket of a process that is reported", newSocket({ owners: [9] }), {}],
    ["a listening socket that nobody holds", newSocket({ inodes: [], owners: [] }), {}],
    ["a socket that the watcher shares", newSocket({ owners: [60, 70] }), {}],
    [
      "a cgroup below the run's",
      { surface: "cgroups", key: "/run-1/left", change: "appeared", before: null, after: null, changed: [] },
      {},
    ],
    ["a file whose mode changed beside its lines", changedFile("/etc/found", {}, ["mode", "ctime"]), {}],
    ["a crontab whose mode changed", changedFile("/etc/cron.d/found", {}, ["mode", "ctime"]), {}],
    ["a file that vanished", { ...newFile("/etc/x"), change: "vanished" }, {}],
    [
      "a mode that a foreign process may have changed",
      changedFile("/var/log/x", {}, ["mode", "ctime"]),
      as("background"),
    ],
    [
      "a foreign file that shrank",
      changedFile("/var/log/x", { size: 1 }, ["mtime", "ctime", "size"]),
      as("background"),
    ],
  ])("%s", (_, difference, parts) => {
    expect(ruleFor(difference, parts)).toBeUndefined();
  });
});
