import { describe, expect, it } from "vitest";

import type { ResidueReport } from "../../protocol/residue-report.ts";
import {
  command,
  compare,
  daemon,
  excusedBy,
  foreign,
  job,
  scanner,
  type Told,
} from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { processFixture, socketFixture } from "../testing/snapshot-fixture.ts";
import type { Act } from "./recording.ts";

describe("what ended, by who was seen to end it", () => {
  it("tells who ended the service whose socket is gone, when every call was seen", () => {
    const own = processFixture({ pid: scanner.pid });
    const server = processFixture({ pid: daemon.pid, startTime: String(daemon.startTime) });
    const before = {
      processes: [own, server],
      sockets: [socketFixture({ key: "tcp 1 listening", owners: [daemon.pid] })],
    };
    const acts = [act(job, "kill", { parameters: { pid: String(daemon.pid), signal: "SIGTERM" } })];
    const sockets = ({ findings }: ResidueReport) => findings.filter(({ surface }) => surface === "sockets");
    expect(sockets(compare(before, {}, { acts }))).toMatchObject([{ attribution: { to: "job" } }]);
    expect(sockets(compare(before, {}, {}))).toEqual([]);
    const unseen = [{ source: "calls", status: "partial", detail: "", events: 0 }] as const;
    expect(sockets(compare(before, {}, { sources: unseen }))).toMatchObject([{ attribution: { to: "unknown" } }]);
  });

  it("tells whose a socket is though its holder ended before processes were read", () => {
    const held = { sockets: [socketFixture({ key: "tcp 1 listening", owners: [daemon.pid] })] };
    expect(excusedBy(compare({}, held, {}))).toEqual(["foreign-process"]);
  });

  it("tells of a process that the job ended, though it is gone", () => {
    const victim = processFixture({ pid: 500 });
    const own = processFixture({ pid: scanner.pid });
    const acts = [act(job, "kill", { parameters: { pid: "500", signal: "SIGKILL" } })];
    expect(compare({ processes: [own, victim] }, {}, { acts }).findings).toMatchObject([
      { change: "vanished", attribution: { to: "job" } },
    ]);
    expect(compare({ processes: [own, victim] }, {}, {}).verdict).toBe("clean");
  });
});

describe("a process of others' that ended some time after a signal of the job's", () => {
  const own = processFixture({ pid: scanner.pid });
  const onTerminal = processFixture({ pid: 900, startTime: "9000", terminal: 5 });
  const sentMs = 1_300;
  const whoseAfter = (signal: string, endedMs: number, further: readonly Act[] = [], victim = onTerminal) => {
    const seen = {
      serial: 80,
      pid: 900,
      startTime: "9000",
      parent: null,
      isOlder: true,
      executable: "/usr/sbin/theirs",
    };
    const sent = act(job, "kill", { parameters: { pid: "900", signal }, atMs: sentMs });
    const told = { came: [recordedProcess({ ...seen, toMs: endedMs })], acts: [sent, ...further], toMs: 3_000_000 };
    return compare({ processes: [own, victim] }, {}, told).findings.map(({ attribution }) => attribution.to);
  };
  const [soonMs, lateMs] = [2_000, 2_500_000] as const;

  it.each(["SIGTERM", "SIGABRT", "SIGRTMIN+1", "SIGUSR1"])("was ended by %s at once, or maybe later", (signal) => {
    expect(whoseAfter(signal, soonMs)).toEqual(["job"]);
    expect(whoseAfter(signal, lateMs)).toEqual(["shared"]);
  });

  it("was ended by SIGKILL, however long it waited for a disk", () => {
    expect(whoseAfter("SIGKILL", lateMs)).toEqual(["job"]);
  });

  it("was ended maybe by SIGWINCH at once, and later only without a terminal, as servers that stop at it", () => {
    expect(whoseAfter("SIGWINCH", soonMs)).toEqual(["shared"]);
    expect(whoseAfter("SIGWINCH", lateMs)).toEqual([]);
    expect(whoseAfter("SIGWINCH", lateMs, [], { ...onTerminal, terminal: 0 })).toEqual(["shared"]);
  });

  it("was ended maybe by both where somebody killed in the end what had been told to end", () => {
    const killed = act(foreign, "kill", { parameters: { pid: "900", signal: "SIGKILL" }, atMs: lateMs - 1 });
    expect(whoseAfter("SIGTERM", lateMs, [killed])).toEqual(["shared"]);
  });
});

describe("a process that ended by itself, and whose pid another one got", () => {
  const own = processFixture({ pid: scanner.pid });
  const server = processFixture({ pid: daemon.pid, startTime: String(daemon.startTime) });
  const before = {
    processes: [own, server],
    sockets: [socketFixture({ key: "tcp 1 listening", owners: [daemon.pid] })],
  };
  const later = recordedProcess({ serial: 30, pid: daemon.pid, parent: job, startTime: "99999" });
  const killed = (serial: number, signal = "SIGKILL"): Told => {
    const parameters = { pid: String(daemon.pid), serial: String(serial), signal };
    return { came: [later], acts: [act(job, "kill", { parameters })] };
  };

  it("was not ended by who killed that one", () => {
    expect(compare(before, {}, killed(30)).verdict).toBe("clean");
    const { findings } = compare(before, {}, killed(foreign));
    expect(findings[0]?.attribution.evidence[0]?.detail).toContain("called kill (pid 70, signal SIGKILL)");
    expect(findings.map(({ surface, attribution }) => [surface, attribution.to])).toEqual([
      ["processes", "job"],
      ["sockets", "job"],
    ]);
  });

  it.each(["SIGCONT", "SIGSTOP", "SIGTTIN"])("was not ended by %s", (signal) => {
    expect(compare(before, {}, killed(foreign, signal)).verdict).toBe("clean");
  });

  it("is told from that one by its start time where it is not recorded itself", () => {
    const victim = processFixture({ pid: 500 });
    const parameters = { pid: "500", serial: "31", signal: "SIGKILL" };
    const told = (startTime: string): Told => ({
      came: [recordedProcess({ serial: 31, pid: 500, startTime })],
      acts: [act(job, "kill", { parameters })],
    });
    expect(compare({ processes: [own, victim] }, {}, told("99999")).verdict).toBe("clean");
    expect(compare({ processes: [own, victim] }, {}, told(victim.startTime)).verdict).toBe("residue");
  });
});

describe("a process that ran before and is stopped, or goes on", () => {
  const own = processFixture({ pid: scanner.pid });
  const inState = (state: string) => ({ processes: [own, processFixture({ pid: 500, state })] });
  const signalled = (by: number, signal: string, pid = "500") => ({
    acts: [act(by, "kill", { parameters: { pid, signal } })],
  });

  it.each([
    ["S", "T", "SIGSTOP"],
    ["S", "T", "SIGTSTP"],
    ["T", "S", "SIGCONT"],
  ])("from %s to %s is whose signal did it: %s", (before, after, signal) => {
    expect(compare(inState(before), inState(after), signalled(job, signal)).findings).toMatchObject([
      { surface: "processes", change: "changed", changed: ["stopped"], attribution: { to: "job" } },
    ]);
    expect(excusedBy(compare(inState(before), inState(after), signalled(foreign, signal)))).toEqual([
      "foreign-process",
    ]);
  });

  it.each([
    ["by another signal", signalled(job, "SIGCONT")],
    ["of another process", signalled(job, "SIGSTOP", "501")],
    ["by none", {}],
  ])("stays unexplained where the run was seen to signal %s", (_, told) => {
    expect(compare(inState("S"), inState("T"), told).findings).toMatchObject([{ attribution: { to: "unknown" } }]);
  });

  it("is excused on a terminal of others, where no call of the run can have stopped it", () => {
    const [theirs, ours] = [34_817, 34_818];
    const on = (terminal: number, state: string) => ({
      processes: [
        processFixture({ pid: scanner.pid, terminal: ours }),
        processFixture({ pid: 500, state, terminal }),
        processFixture({ pid: command.pid, parent: scanner.pid, terminal: ours }),
      ],
    });
    const after = (told: Told, terminal = theirs) => compare(on(terminal, "S"), on(terminal, "T"), told);
    expect(excusedBy(after({}))).toContain("stopped-by-terminal");
    expect(after({}).verdict).toBe("clean");
    for (const told of [
      signalled(job, "SIGSTOP"),
      { sources: [{ source: "calls", status: "partial", detail: "", events: 1 }] } as const,
    ])
      expect(excusedBy(after(told))).not.toContain("stopped-by-terminal");
    expect(excusedBy(after({}, ours))).not.toContain("stopped-by-terminal");
    expect(after(signalled(job, "SIGSTOP", "499")).verdict).toBe("clean");
  });

  it("is nothing where it only sleeps, runs, or waits for a disk", () => {
    expect(compare(inState("S"), inState("R"), {}).findings).toEqual([]);
    expect(compare(inState("R"), inState("D"), {}).findings).toEqual([]);
  });
});

describe("the class of input and output of a process that ran before", () => {
  it("is whose call set it", () => {
    const classed = (ioPriority: string) => ({
      processes: [processFixture({ pid: scanner.pid }), processFixture({ pid: 500, ioPriority })],
    });
    const parameters = { which: "IOPRIO_WHO_PROCESS", who: "500", value: "24576" };
    expect(
      compare(classed("none"), classed("idle"), { acts: [act(job, "ioprio_set", { parameters })] }).findings,
    ).toMatchObject([{ changed: ["ioPriority"], attribution: { to: "job" } }]);
  });
});

describe("the out-of-memory score of a process that ran before", () => {
  const [own, path] = [processFixture({ pid: scanner.pid }), "/proc/500/oom_score_adj"];
  const scored = (oomScoreAdjust: number) => ({ processes: [own, processFixture({ pid: 500, oomScoreAdjust })] });
  const report = (told: Told) => compare(scored(0), scored(300), told);

  it("is the job's when the job set it, and not excused because the process is older", () => {
    const { findings } = report({ touches: { [path]: [touch(job, ["modified"])] } });
    expect(findings).toMatchObject([{ surface: "processes", change: "changed", attribution: { to: "job" } }]);
  });

  it("is excused when only others set it", () => {
    const told = report({ touches: { [path]: [touch(foreign, ["modified"])] } });
    expect([told.verdict, excusedBy(told)]).toEqual(["clean", ["foreign-process"]]);
    expect(told.excused[0]?.examples[0]).toContain("process 70 (/usr/sbin/rsyslogd) of somebody else");
  });

  it("stays unexplained when nobody was seen to", () => {
    expect(report({}).findings).toMatchObject([{ attribution: { to: "unknown" } }]);
  });
});

describe("what is set of a whole group or user, or of one thread, of a process that ran before", () => {
  const facts = { pid: 500, uid: 64_997, group: 480, threads: ["501: nice 0"] };
  const own = processFixture({ pid: scanner.pid });
  const set = (parts: object) => ({ processes: [own, processFixture({ ...facts, ...parts })] });
  const niced = (by: number, which: string, who: string): Told => ({
    acts: [act(by, "setpriority", { parameters: { which, who, value: "5" } })],
  });

  it.each([
    ["its group", { nice: 5 }, "PRIO_PGRP", "480"],
    ["its user", { nice: 5 }, "PRIO_USER", "64997"],
    ["one of its threads", { threads: ["501: nice 5"] }, "PRIO_PROCESS", "501"],
  ])("is the job's who named %s", (_, changed, which, who) => {
    const { findings } = compare(set({ nice: 0 }), set({ nice: 0, ...changed }), niced(job, which, who));
    expect(findings).toMatchObject([{ surface: "processes", change: "changed", attribution: { to: "job" } }]);
  });

  it.each([
    ["another group", "PRIO_PGRP", "500"],
    ["another user", "PRIO_USER", "500"],
  ])("is not the job's who named %s", (_, which, who) => {
    const { findings } = compare(set({ nice: 0 }), set({ nice: 5 }), niced(job, which, who));
    expect(findings).not.toMatchObject([{ attribution: { to: "job" } }]);
  });

  it("is a thread's own doing where no call named it, and nothing where it came or went", () => {
    const older = { cgroup: "/", pid: daemon.pid, startTime: String(daemon.startTime) };
    const threads = (...words: string[]) => ({ processes: [own, processFixture({ ...older, threads: words })] });
    expect(excusedBy(compare(threads("71: nice 0"), threads("71: nice 5"), {}))).toEqual(["foreign-process"]);
    expect(compare(threads("71: nice 0"), threads("72: nice 5"), {}).excused).toEqual([]);
  });
});

describe("a process of others' that was being launched when the baseline was read", () => {
  const harness = recordedProcess({ serial: 40, pid: 400, parent: null, isOlder: true });
  const launched = recordedProcess({ serial: 41, parent: harness.serial, fromMs: 500 });
  const other = { name: "20261122T184702-x", id: "618fdabf", pid: harness.pid, startTime: String(harness.startTime) };
  const seen = (fact: Partial<Parameters<typeof processFixture>[0]>) => ({
    processes: [
      processFixture({ pid: scanner.pid, startTime: String(scanner.startTime) }),
      processFixture({ pid: launched.pid, startTime: String(launched.startTime), ...fact }),
    ],
  });
  const shell = seen({ executable: "/usr/bin/dash", cgroup: "/", nice: 0 });
  const found = (after: ReturnType<typeof seen>, otherRuns: NonNullable<Told["otherRuns"]>) => {
    const told = compare(shell, after, { came: [harness, launched], otherRuns });
    return [...told.findings.map(({ changed }) => changed.join(" ")), ...told.excused.map(({ rule }) => rule)];
  };

  it("runs its program since, of itself", () => {
    const started = recordedProcess({ ...launched, parent: foreign });
    const running = seen({ executable: "/opt/agent", cgroup: "/", nice: 0 });
    expect(excusedBy(compare(shell, running, { came: [started] }))).toEqual(["foreign-process"]);
    expect(found(seen({ executable: "/opt/agent", cgroup: "/" }), [other])).toEqual(["other-run"]);
  });

  it("is in the cgroup of its run since, and is found where that is nobody's we know", () => {
    const inPlace = seen({ executable: "/opt/agent", cgroup: "/houseguest-run-618fdabf/donor" });
    expect(found(inPlace, [other])).toEqual(["other-run"]);
    expect(found(inPlace, [])).toEqual(["executable cgroup"]);
    expect(found(seen({ executable: "/opt/agent", cgroup: "/elsewhere" }), [other])).toEqual(["executable cgroup"]);
  });

  it("is found with whatever else changed of it", () => {
    expect(found(seen({ executable: "/opt/agent", cgroup: "/", nice: 5 }), [])).toEqual(["executable nice"]);
  });
});
