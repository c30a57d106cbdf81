import type { AttributionContext } from "../core/attribution-context.ts";
import type { ListedFact, ProcessFact, SocketFact } from "../core/fact.ts";
import { surfaces } from "../core/fact.ts";
import { indexTree } from "../core/packed-tree.ts";
import type { Snapshot } from "../core/snapshot.ts";

/** A snapshot of an empty host on which everything was seen. */
export function snapshotFixture(parts: Partial<Snapshot> = {}): Snapshot {
  return {
    version: 1,
    startedAtMs: 1_000,
    endedAtMs: 2_000,
    bootId: "boot",
    host: "house",
    uid: 0,
    scope: null,
    scanner: [],
    surfaces: surfaces.map((surface) => ({ surface, status: "done", detail: "", facts: 0, durationMs: 1 })),
    files: indexTree([]),
    filesReader: "native",
    processes: [],
    sockets: [],
    crontabs: [],
    listed: {},
    cgroups: [{ path: "/", directory: "/sys/fs/cgroup", inode: 1 }],
    live: false,
    ...parts,
  };
}

export function contextFixture(parts: Partial<AttributionContext> = {}): AttributionContext {
  return {
    policy: "strict",
    runId: "0123456789abcdef",
    windowFromMs: 1_000,
    windowToMs: 2_000,
    cgroupPrefixes: [],
    agentPaths: [],
    jobPaths: [],
    harnessPaths: [],
    processes: [],
    ...parts,
  };
}

export function listedFixture(parts: Partial<ListedFact> & { readonly key: string }): ListedFact {
  return { subject: parts.key, location: parts.key, uid: null, attributes: {}, show: "true", ...parts };
}

export function processFixture(parts: Partial<ProcessFact> & { readonly pid: number }): ProcessFact {
  return {
    startTime: String(parts.pid * 10),
    name: "program",
    commandLine: "program --flag",
    executable: "/usr/bin/program",
    workingDirectory: "/",
    uid: 0,
    parent: 1,
    session: parts.pid,
    cgroup: "/",
    kernelThread: false,
    state: "S",
    marks: {},
    ...parts,
  };
}

export function socketFixture(parts: Partial<SocketFact> & { readonly key: string }): SocketFact {
  return {
    protocol: "tcp",
    local: "127.0.0.1:80",
    remote: null,
    state: "listening",
    uid: 0,
    inodes: [1],
    owners: [],
    ...parts,
  };
}
