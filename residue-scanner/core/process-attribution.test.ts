import { describe, expect, it } from "vitest";

import { contextFixture, processFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
import type { AttributionContext } from "./attribution-context.ts";
import type { ProcessFact } from "./fact.ts";
import { ProcessWitness } from "./process-attribution.ts";

const init = processFixture({ pid: 1, parent: 0, name: "systemd" });
const shell = processFixture({ pid: 50, parent: 1, name: "bash" });
const scanner = processFixture({ pid: 60, parent: 50, name: "node" });
const daemon = processFixture({ pid: 70, parent: 1, name: "postgres" });
const cron = processFixture({ pid: 80, parent: 1, name: "cron" });
const existing = [init, shell, scanner, daemon, cron];

/** Whose is the last of these processes, which all came during the run? */
function judge(
  came: readonly ProcessFact[],
  context: Partial<AttributionContext> = {},
  further: readonly ProcessFact[] = [],
) {
  const before = snapshotFixture({ processes: [...existing, ...further] });
  const after = snapshotFixture({
    processes: [...existing, ...further, ...came],
    scanner: [scanner, shell, init].map(({ pid, startTime }) => ({ pid, startTime })),
  });
  const { to, evidence } = new ProcessWitness(before, after, contextFixture(context)).of(came.at(-1) as ProcessFact);
  return { to, kinds: evidence.map(({ kind }) => kind), text: evidence.map(({ detail }) => detail).join("; ") };
}

const runId = contextFixture().runId;

describe("a process is the run's", () => {
  it("by its cgroup, though it cleared its environment, left its session and lost its parent", () => {
    const verdict = judge([processFixture({ pid: 100, cgroup: "/house/run/job-1" })], {
      cgroupPrefixes: ["/house/run"],
    });
    expect(verdict.to).toBe("agent");
    expect(verdict.kinds[0]).toBe("cgroup");
    expect(verdict.text).toContain("environment was cleared");
  });

  it("by its cgroup, given as a place in the file system", () => {
    const context = { cgroupPrefixes: ["/sys/fs/cgroup/house/run/"] };
    expect(judge([processFixture({ pid: 100, cgroup: "/house/run" })], context).to).toBe("agent");
    expect(judge([processFixture({ pid: 100, cgroup: "/house/run-2" })], context).to).toBe("unknown");
  });

  it("by the marker in its environment, which tells a job from its agent", () => {
    expect(judge([processFixture({ pid: 100, marks: { HOUSEGUEST_RUN: runId } })]).to).toBe("agent");
    expect(judge([processFixture({ pid: 100, marks: { HOUSEGUEST_RUN: runId, HOUSEGUEST_JOB: "job-1" } })]).to).toBe(
      "job",
    );
    expect(judge([processFixture({ pid: 100, marks: { HOUSEGUEST_RUN: "another run" } })]).to).toBe("unknown");
  });

  it("by the session that a process of the run opened", () => {
    const seen = [{ pid: 99, startTime: "990", role: "job" as const, sessionId: 99 }];
    expect(judge([processFixture({ pid: 100, session: 99 })], { processes: seen })).toMatchObject({
      to: "job",
      kinds: ["session", "marker", "time"],
    });
  });

  it("not by a session that was there before", () => {
    const seen = [{ pid: 99, startTime: "990", role: "job" as const, sessionId: 70 }];
    expect(judge([processFixture({ pid: 100, session: 70 })], { processes: seen }).to).toBe("unknown");
  });

  it("by its parent", () => {
    const parent = processFixture({ pid: 100, marks: { HOUSEGUEST_RUN: runId, HOUSEGUEST_LEASE: "l" } });
    expect(judge([parent, processFixture({ pid: 101, parent: 100, marks: null })])).toMatchObject({
      to: "job",
      kinds: ["parent", "time"],
    });
  });

  it("by what it runs or where it works", () => {
    const context = { agentPaths: ["/srv/agent"] };
    expect(judge([processFixture({ pid: 100, executable: "/srv/agent/bin/x" })], context)).toMatchObject({
      to: "agent",
      kinds: ["path", "marker", "time"],
    });
    expect(judge([processFixture({ pid: 100, workingDirectory: "/srv/agent" })], context).to).toBe("agent");
    expect(judge([processFixture({ pid: 100, workingDirectory: "/srv/agents" })], context).to).toBe("unknown");
  });
});

describe("a process is somebody else's", () => {
  it("when a process that ran before and is not above the watcher started it, or a child of such a one", () => {
    const child = processFixture({ pid: 100, parent: daemon.pid });
    expect(judge([child])).toMatchObject({ to: "background", kinds: ["parent"] });
    expect(judge([child, processFixture({ pid: 101, parent: 100 })]).to).toBe("background");
  });

  it("when it was there before", () => {
    expect(judge([daemon]).to).toBe("background");
  });

  it("but not by a parent that may have adopted it: process 1, or what is above the watcher", () => {
    expect(judge([processFixture({ pid: 100, parent: 1 })]).to).toBe("unknown");
    expect(judge([processFixture({ pid: 100, parent: shell.pid })]).to).toBe("unknown");
  });

  it("nor by a parent that starts things at others' request", () => {
    expect(judge([processFixture({ pid: 100, parent: cron.pid })]).to).toBe("unknown");
  });

  it.each([
    "tmux: server",
    "screen",
    "SCREEN",
    "supervisord",
    "runsv",
    "s6-supervise",
    "sshd",
    "sshd-session",
    "xinetd",
    "dtach",
    "abduco",
    "(systemd)",
    "dbus-daemon",
    "atd",
    // The kernel keeps fifteen characters of a name.
    "containerd-shim",
  ])("nor by %s, which runs what others tell it", (name) => {
    const told = processFixture({ pid: 90, parent: 1, name });
    const child = processFixture({ pid: 100, parent: told.pid });
    expect(judge([child], {}, [told]).to).toBe("unknown");
    expect(judge([child, processFixture({ pid: 101, parent: 100 })], {}, [told]).to).toBe("unknown");
  });

  it("nor by a supervisor that a language's interpreter runs", () => {
    const told = processFixture({
      pid: 90,
      parent: 1,
      name: "python3",
      commandLine: "/usr/bin/python3 /usr/bin/supervisord -n",
    });
    expect(judge([processFixture({ pid: 100, parent: told.pid })], {}, [told]).to).toBe("unknown");
    const plain = { ...told, commandLine: "/usr/bin/python3 /srv/app --log supervisord" };
    expect(judge([processFixture({ pid: 100, parent: told.pid })], {}, [plain]).to).toBe("background");
  });

  it("nor when it carries the marker all the same", () => {
    expect(judge([processFixture({ pid: 100, parent: daemon.pid, marks: { HOUSEGUEST_RUN: runId } })]).to).toBe(
      "agent",
    );
  });

  it("nor by having the pid of a process that was there before", () => {
    expect(judge([{ ...daemon, startTime: "999999", parent: 1 }]).to).toBe("unknown");
  });
});
