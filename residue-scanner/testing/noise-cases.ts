import type {
  CgroupDifference,
  Difference,
  FileDifference,
  ListedDifference,
  ProcessDifference,
  SocketDifference,
} from "../core/difference.ts";
import type { ListedSurface, ProcessFact, SocketFact } from "../core/fact.ts";
import type { FileFact } from "../core/file-fact.ts";
import type { NoiseCase } from "../core/noise-rule.ts";
import { noiseRules } from "../core/noise-rules.ts";
import { contextFixture, listedFixture, processFixture, socketFixture } from "./snapshot-fixture.ts";

export const file: FileFact = {
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

export function changedFile(
  key: string,
  parts: Partial<FileFact>,
  changed: string[],
  earlier: Partial<FileFact> = {},
): FileDifference {
  return {
    ...{ surface: "files", key, change: "changed", changed },
    ...{ before: { ...file, ...earlier }, after: { ...file, ...parts } },
  };
}
export function newFile(key: string, parts: Partial<FileFact> = {}): FileDifference {
  return { surface: "files", key, change: "appeared", before: null, after: { ...file, ...parts }, changed: [] };
}
export function newProcess(parts: Partial<ProcessFact>): ProcessDifference {
  return {
    surface: "processes",
    key: "9@9",
    change: "appeared",
    before: null,
    after: processFixture({ pid: 9, ...parts }),
    changed: [],
  };
}
export function newSocket(parts: Partial<SocketFact>): SocketDifference {
  return {
    surface: "sockets",
    key: "s",
    change: "appeared",
    before: null,
    after: socketFixture({ key: "s", ...parts }),
    changed: [],
  };
}

export function changedListed(
  surface: ListedSurface,
  parts: { isCounter?: boolean; movesInUse?: readonly string[]; holders?: readonly number[] },
): ListedDifference {
  const fact = listedFixture({ key: "k", attributes: { value: "2" }, ...parts });
  const before = { ...fact, attributes: { value: "1" } };
  return { surface, key: "k", change: "changed", before, after: fact, changed: ["value"] };
}

export function goneListed(surface: ListedSurface): ListedDifference {
  return { ...changedListed(surface, { isCounter: true }), change: "vanished", after: null, changed: [] };
}

export function goneSocket(parts: Partial<SocketFact>): SocketDifference {
  return {
    ...newSocket({}),
    change: "vanished",
    before: socketFixture({ key: "s", owners: [70], ...parts }),
    after: null,
  };
}

/** The id of the rule that excuses it, or undefined. */
export function ruleFor(
  difference: Difference,
  parts: Partial<Omit<NoiseCase, "difference">> = {},
): string | undefined {
  const noise: NoiseCase = {
    difference,
    attribution: { to: "unknown", evidence: [] },
    context: contextFixture({ harnessPaths: ["/srv/.scenarios/run-1"] }),
    cgroupPrefixes: ["/run-1"],
    watcherUid: 0,
    directory: () => null,
    isOfOthersFile: (path) => path === "/etc/of-others",
    isFoundProcess: (pid) => pid === 9,
    isFoundLine: (path) => path === "/etc/found",
    isFoundCrontab: (path) => path === "/etc/cron.d/found",
    isFoundSocket: (path) => path === "/tmp/found.sock",
    isOfNamespace: (name, change) => name === "net:[4026532001]" && change === "vanished",
    isFoundNamespace: (name) => name === "net:[4026532009]",
    isLeftAlone: () => true,
    isOnOthersTerminal: ({ terminal }) => terminal === 5,
    isToldDevice: (device, change) => ["0:57", "btrfs"].includes(device) && change === "appeared",
    isWithDevice: () => difference.key.includes("/zram1/"),
    isWatched: false,
    isMovingSeen: () => true,
    ranThroughout: (name) => name === "irqbalance",
    isScanner: (pid) => pid === 60,
    isReader: (pid) => pid === 62,
    wasScanner: (pid) => pid === 61,
    ...parts,
  };
  return noiseRules.find((rule) => rule.matches(noise))?.id;
}

export const as = (to: NoiseCase["attribution"]["to"]) => ({ attribution: { to, evidence: [] } });
export const directory = { kind: "directory" } as const;
/** The same where the harness has named its files. */
export const named = (to: NoiseCase["attribution"]["to"]) => ({
  ...as(to),
  context: contextFixture({ harnessPaths: ["/srv/.scenarios/run-1"], harnessFiles: ["history.jsonl", "logs/*.log"] }),
});

/** For an ordinary watcher; the run began at 1000 ms. */
export const inDirectory = (permissions: number, uid = 0): Partial<NoiseCase> => ({
  watcherUid: 1000,
  directory: () => ({ ...file, kind: "directory", permissions, uid }),
});
export const duringRun = { bornNs: 1_500_000_000n } as const;
export const goneFile = (key: string, parts: Partial<FileFact> = {}): FileDifference => ({
  ...newFile(key),
  change: "vanished",
  before: { ...file, ...parts },
  after: null,
});

/** As an entry that comes or goes stamps its directory: now in one clock, and the last tick of another. */
export const stampedAtOnce = { ...directory, modifiedNs: 2_003_000_000n, changedNs: 2_000_000_000n };
export const seenOfJob: Partial<NoiseCase> = {
  attribution: { to: "job", evidence: [{ kind: "recorder", detail: "process 9 of the job changed its attributes" }] },
};

export const ofListed = (
  surface: ListedSurface,
  key: string,
  change: "appeared" | "vanished",
  location = key,
): ListedDifference => {
  const fact = listedFixture({ key, location });
  const [before, after] = change === "appeared" ? [null, fact] : [fact, null];
  return { surface, key, change, before, after, changed: [] };
};
export const gone = "net:[4026532001]";

export const stopped = (state: string, terminal: number): ProcessDifference => {
  const after = processFixture({ pid: 500, state, terminal });
  return { surface: "processes", key: "500@1", change: "changed", before: after, after, changed: ["stopped"] };
};

export const moved = (location: string): ListedDifference => {
  const fact = listedFixture({ key: location, location });
  return { surface: "sysctls", key: location, change: "changed", before: fact, after: fact, changed: ["value"] };
};

/** A line that came to a configuration file. */
export const lineOf = (path: string): ListedDifference => {
  const after = listedFixture({ key: `${path} line`, file: path });
  return { surface: "configuration", key: after.key, change: "appeared", before: null, after, changed: [] };
};

/** A process that lived on, and was made nicer. */
export const settingOf = (parts: Partial<ProcessFact>): ProcessDifference => {
  const after = processFixture({ pid: 701, ...parts });
  return { surface: "processes", key: "701@1", change: "changed", before: after, after, changed: ["autogroupNice"] };
};

/** A new message queue, of its owner and who made it. */
export const ofUser = (uid: number, creator: string): ListedDifference => {
  const after = listedFixture({ key: "queue 7", uid, attributes: { cuid: creator } });
  return { surface: "ipc", key: after.key, change: "appeared", before: null, after, changed: [] };
};

export const groupOf = (owner: string): CgroupDifference => {
  const after = { path: "/x", directory: "/sys/fs/cgroup/x", inode: 9, settings: { owner } };
  return { surface: "cgroups", key: "/x", change: "appeared", before: null, after, changed: [] };
};

export const changedGroupOf = (owner: string): CgroupDifference => {
  const { after } = groupOf(owner);
  return { surface: "cgroups", key: "/x", change: "changed", before: after, after, changed: ["cgroup.freeze"] };
};
