import { describe, expect, it } from "vitest";

import { compare, excusedBy, files, foreign, job, scanner, type Told } from "../testing/recorded-comparison.ts";
import { act, recordedProcess, touch } from "../testing/recording-fixture.ts";
import { processFixture, socketFixture } from "../testing/snapshot-fixture.ts";
import type { ProcessFact } from "./fact.ts";
import type { Act, RecordedProcess, Touch } from "./recording.ts";

const service = recordedProcess({ serial: 20, pid: 90, parent: null, isOlder: true, executable: "/opt/service" });
const logger = recordedProcess({ serial: 22, pid: 92, parent: null, isOlder: true, executable: "/sbin/rsyslogd" });
const worker = recordedProcess({ serial: 21, parent: 20, fromMs: 1_400 });
/** As it is read. */
function shown({ pid, startTime }: RecordedProcess): ProcessFact {
  return processFixture({ pid, startTime: startTime ?? "0" });
}

const listening = [
  socketFixture({ key: "tcp a", protocol: "tcp", state: "listening", local: "127.0.0.9:4711", owners: [service.pid] }),
];
const seen = { sockets: listening, processes: [shown(scanner), shown(service)] };
const [before, after] = [
  { ...files({ "/d": [] }), ...seen },
  { ...files({ "/d": ["x"] }), ...seen },
];

const message = (asked: number, by = job, atMs = 1_300): Act =>
  act(by, "unix message", { parameters: { asked: String(asked) }, returned: null, atMs });
const connection = (address: string, more: Partial<Act> = {}): Act =>
  act(job, "tcp connection", { parameters: { port: "4711", address }, returned: null, ...more });
const signal = (word: string): Act => act(job, "kill", { parameters: { pid: String(service.pid), signal: word } });

/** Whose is /d/x, which the service made? */
function whoseIs(acts: readonly Act[], made: Touch = touch(service.serial, ["created"], 1_500)): readonly string[] {
  const told: Told = { came: [service, worker, logger], acts, touches: { "/d/x": [made] } };
  const { findings, excused } = compare(before, after, told);
  return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
}

describe("what a process did to which another had attached", () => {
  const traced = (atMs: number, untilMs: number): Act => {
    const parameters = { asked: String(service.serial), untilMs: String(untilMs) };
    return act(job, "ptrace", { parameters, returned: null, atMs });
  };

  it("is shared with the job that was its tracer then, or just before", () => {
    expect(whoseIs([traced(1_300, 1_600)])).toEqual(["shared"]);
    expect(whoseIs([traced(1_300, 1_600)], touch(worker.serial, ["created"], 1_500))).toEqual(["shared"]);
  });

  it("is its own where the job attached only later, or had let go long ago", () => {
    expect(whoseIs([traced(1_800, 1_900)])).toEqual(["foreign-process"]);
    expect(whoseIs([traced(1_000, 1_100)], touch(service.serial, ["created"], 9_500))).toEqual(["foreign-process"]);
  });
});

describe("what a service did that takes its orders through sockets and signals", () => {
  it.each([
    ["sent it a message", message(service.serial), "shared"],
    ["connected to its port", connection("127.0.0.9"), "shared"],
    ["sent it a signal at which services do something", signal("SIGHUP"), "job"],
  ])("is the job's who %s before, or shared where others may have unseen", (_, asked, whose) => {
    expect(whoseIs([asked])).toEqual([whose]);
    expect(whoseIs([asked], touch(worker.serial, ["created"], 1_500))).toEqual([whose]);
  });

  it("is shared where the job's file that it took away was read when the service had begun a child already", () => {
    const taken = (madeMs: number) => {
      const parameters = { asked: String(service.serial), madeMs: String(madeMs) };
      return act(job, "file taken", { parameters, returned: null, atMs: madeMs + 5 });
    };
    const made = touch(worker.serial, ["created"], 2_100);
    expect(whoseIs([taken(1_450)], made)).toEqual(["shared"]);
    expect(whoseIs([taken(2_000)], made)).toEqual(["foreign-process"]);
    expect(whoseIs([taken(1_390)], made)).toEqual(["job"]);
    expect(whoseIs([taken(1_390), taken(1_450)], made)).toEqual(["job"]);
  });

  it("is shared where the service was at it already", () => {
    expect(whoseIs([message(service.serial)], touch(service.serial, ["created", "modified"], 1_100, 1_500))).toEqual([
      "shared",
    ]);
  });

  it.each([
    ["only somebody else asked", [message(service.serial, foreign)]],
    ["another service was asked", [message(logger.serial)]],
    ["it was asked afterwards", [message(service.serial, job, 1_600)]],
    ["another address was asked at the same port", [connection("127.0.0.8")]],
    ["it was done in a network of the job's own", [connection("127.0.0.9", { apart: ["net"] })]],
    ["the signal only has it go on", [signal("SIGCONT")]],
  ])("is its own where %s", (_, acts) => {
    expect(whoseIs(acts)).toEqual(["foreign-process"]);
  });

  it("is its own where it keeps a log, which is everybody's", () => {
    expect(whoseIs([message(logger.serial)], touch(logger.serial, ["created"], 1_500))).toEqual(["foreign-process"]);
  });

  it("is its own where whoever listened only has the pid that it had", () => {
    const read = { ...seen, processes: [shown(scanner), processFixture({ pid: service.pid, startTime: "99" })] };
    const told: Told = {
      came: [service],
      acts: [connection("127.0.0.9")],
      touches: { "/d/x": [touch(service.serial, ["created"], 1_500)] },
    };
    const whose = (parts: typeof seen) =>
      compare({ ...before, ...parts }, { ...after, ...parts }, told).findings.map(({ attribution }) => attribution.to);
    expect([whose(seen), whose(read)]).toEqual([["shared"], []]);
  });

  it("is its own long after it was asked", () => {
    expect(whoseIs([message(service.serial)], touch(service.serial, ["created"], 9_000))).toEqual(["foreign-process"]);
  });

  it("is shared where the job could ask through a connection that was open, and nobody knows whether it did", () => {
    const long = { serial: 26, pid: 96, parent: job, fromMs: 1_100 };
    const held = (toMs: number | null, untilMs: string) => {
      const client = recordedProcess({ ...long, toMs, executable: "/opt/client" });
      const parameters = { port: "4711", address: "127.0.0.9" };
      const acts = [
        act(client.serial, "tcp connection", { parameters, returned: null }),
        act(client.serial, "tcp connection", { parameters: { ...parameters, untilMs }, returned: null }),
      ];
      const made = touch(service.serial, ["created"], 30_000);
      const told: Told = { came: [service, client], acts, touches: { "/d/x": [made] } };
      const { findings, excused } = compare(before, after, told);
      return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
    };
    expect(held(null, "Infinity")).toEqual(["shared"]);
    expect(held(null, "29000")).toEqual(["shared"]);
    expect(held(null, "20000")).toEqual(["foreign-process"]);
    // Its end was not told, and nobody is left who could have it.
    expect(held(20_000, "Infinity")).toEqual(["foreign-process"]);
  });

  it("is its own where somebody did it that comes from whoever was asked, and was there before", () => {
    const old = recordedProcess({
      serial: 23,
      pid: 93,
      parent: 20,
      isOlder: true,
      fromMs: 0,
      executable: "/opt/other",
    });
    const late = recordedProcess({ serial: 24, pid: 94, parent: 20, fromMs: 1_250, executable: "/opt/other" });
    for (const other of [old, late]) {
      const made = touch(other.serial, ["created"], 1_500);
      const told: Told = { came: [service, other], acts: [message(service.serial)], touches: { "/d/x": [made] } };
      expect(compare(before, after, told).excused.map(({ rule }) => rule)).toEqual(["foreign-process"]);
    }
  });

  it("is the run's where the service began only during the run: it got a signal, or was connected to", () => {
    const late = recordedProcess({ serial: 25, pid: 95, parent: 3, fromMs: 1_100, executable: "/opt/late" });
    const door = socketFixture({
      key: "tcp b",
      protocol: "tcp",
      state: "listening",
      local: "*:4711",
      owners: [late.pid],
    });
    const found = (asked: Act) => {
      const told: Told = { came: [late], acts: [asked], touches: { "/d/x": [touch(late.serial, ["created"], 1_500)] } };
      const [sockets, processes] = [
        [...listening, door],
        [...seen.processes, shown(late)],
      ];
      return compare(before, { ...after, sockets, processes }, told).findings.map(({ attribution }) => attribution.to);
    };
    const parameters = { pid: String(late.pid), signal: "SIGHUP" };
    const earlier = act(job, "kill", { parameters, returned: null, atMs: 1_050 });
    expect(found(act(job, "kill", { parameters, returned: null, atMs: 1_300 }))).toContain("job");
    expect(found(connection("127.0.0.9", { atMs: 1_300 }))).toContain("shared");
    for (const whose of ["job", "shared"]) expect(found(earlier)).not.toContain(whose);
  });

  it("is the job's where it had a service rotate its log, which is more than a line", () => {
    const told = act(job, "kill", { parameters: { pid: String(logger.pid), signal: "SIGUSR2" } });
    expect(whoseIs([told], touch(logger.serial, ["created"], 1_500))).toEqual(["job"]);
  });

  it.each([
    ["at once", 8_000, ["job"]],
    ["long before, of what it may have begun with it", 2_000, ["shared"]],
  ])("is the job's, or shared, where it took away a file that the job made: %s", (_, atMs, whose) => {
    const parameters = { asked: String(service.serial), madeMs: "1300" };
    const taken = act(job, "file taken", { parameters, returned: null, atMs: 9_000 });
    expect(whoseIs([taken], touch(service.serial, ["created"], atMs))).toEqual(whose);
  });

  it("is also the process that it started then", () => {
    const started = processFixture({ pid: worker.pid, startTime: String(worker.startTime), parent: service.pid });
    const own = processFixture({ pid: 60 });
    const found = (acts: readonly Act[]) =>
      compare({}, { processes: [own, started] }, { came: [service, worker], acts }).findings.map(
        ({ attribution }) => attribution.to,
      );
    expect(found([message(service.serial)])).toEqual(["shared"]);
    expect(found([])).toEqual([]);
  });

  it("is also the process that it started when a file of the job's, read a little late, was there already", () => {
    const started = processFixture({ pid: worker.pid, startTime: String(worker.startTime), parent: service.pid });
    const found = (madeMs: number) => {
      const parameters = { asked: String(service.serial), madeMs: String(madeMs) };
      const taken = act(job, "file taken", { parameters, returned: null, atMs: madeMs + 5 });
      const told = { came: [service, worker], acts: [taken] };
      return compare({}, { processes: [processFixture({ pid: 60 }), started] }, told).findings.map(
        ({ attribution }) => attribution.to,
      );
    };
    expect([found(1_450), found(2_000)]).toEqual([["shared"], []]);
  });
});

describe("what a service did when one of its children had ended by a signal", () => {
  const ward = { serial: 28, pid: 98, isOlder: true, executable: "/opt/ward" };
  const killed = (signal: string) =>
    act(job, "kill", { parameters: { pid: "98", signal }, returned: null, atMs: 1_300 });
  const whose = (toMs: number | null, acts: readonly Act[], guard: number = service.pid) => {
    const child = recordedProcess({ ...ward, parent: null, toMs });
    const read = { ...before, processes: [...seen.processes, processFixture({ ...shown(child), parent: guard })] };
    const told: Told = {
      came: [service, child],
      acts,
      touches: { "/d/x": [touch(service.serial, ["created"], 1_500)] },
    };
    return compare(read, after, told).findings.map(({ id, attribution }) => `${id} ${attribution.to}`);
  };

  it("is shared with the job that had sent the signal", () => {
    expect(whose(1_301, [killed("SIGKILL")])).toContain("files:/d/x shared");
    expect(whose(1_301, [killed("SIGTERM")])).toContain("files:/d/x shared");
  });

  it("is shared from the child's end on, however long it took, of one that was started during the run, too", () => {
    const found = (toMs: number, atMs: number) => {
      const child = recordedProcess({ ...ward, isOlder: false, parent: service.serial, toMs });
      const touches = { "/d/x": [touch(service.serial, ["created"], atMs)] };
      const told: Told = { came: [service, child], acts: [killed("SIGTERM")], touches };
      const { findings, excused } = compare(before, after, told);
      return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
    };
    expect(found(9_300, 9_500)).toEqual(["shared"]);
    expect(found(9_300, 2_000)).toEqual(["foreign-process"]);
  });

  it("is shared, too, where the service was told of it, and had started another, before the recorder was", () => {
    const again = processFixture({ pid: worker.pid, startTime: String(worker.startTime), parent: service.pid });
    const found = (toMs: number) => {
      const child = recordedProcess({ ...ward, isOlder: false, parent: service.serial, toMs });
      const told: Told = { came: [service, worker, child], acts: [killed("SIGKILL")] };
      return compare({}, { processes: [processFixture({ pid: 60 }), again] }, told).findings.map(
        ({ attribution }) => attribution.to,
      );
    };
    expect([found(1_399.9), found(1_400.2), found(1_900)]).toEqual([["shared"], ["shared"], []]);
  });

  it("is its own where the child went on, ended by itself, or was another's", () => {
    for (const told of [whose(null, [killed("SIGKILL")]), whose(1_301, []), whose(1_301, [killed("SIGKILL")], 1)])
      expect(told).not.toContain("files:/d/x shared");
  });
});

describe("a port at which a service listens since the run", () => {
  const whose = (acts: readonly Act[], state = "listening") => {
    const door = socketFixture({ key: "tcp b", state, local: "127.0.0.9:4712", owners: [service.pid] });
    const report = compare(seen, { ...seen, sockets: [...listening, door] }, { came: [service], acts });
    return report.findings.map(({ attribution }) => attribution.to);
  };

  it("is shared with the job that had asked the service for something", () => {
    expect(whose([message(service.serial)])).toEqual(["shared"]);
    expect(whose([signal("SIGHUP")])).toEqual(["shared"]);
  });

  it("is the service's own where only others asked, and where it only has one more guest", () => {
    expect(whose([message(service.serial, foreign)])).toEqual([]);
    expect(whose([message(service.serial)], "established")).toEqual([]);
  });
});

describe("the harness of another run that the job sends a message", () => {
  const other = { name: "20261122T184702-x", id: "618fdabf", pid: service.pid, startTime: String(service.startTime) };
  const below = recordedProcess({ serial: 27, parent: worker.serial, fromMs: 1_450 });
  const asked = [message(service.serial), message(worker.serial, job, 1_440)];
  const made = { "/d/x": [touch(below.serial, ["created"], 1_500)] };
  const told: Told = { came: [service, worker, below], acts: asked, touches: made };

  it("does nothing for the job, nor does anybody below it", () => {
    expect(excusedBy(compare(before, after, { ...told, otherRuns: [other] }))).toEqual(["other-run"]);
    expect(compare(before, after, told).findings.map(({ attribution }) => attribution.to)).toEqual(["shared"]);
  });

  it("stays the other run's with its children, whose they are is asked of the recorder", () => {
    const started = processFixture({ pid: below.pid, startTime: String(below.startTime), parent: worker.pid });
    const found = (otherRuns: NonNullable<Told["otherRuns"]>) =>
      compare({}, { processes: [processFixture({ pid: 60 }), started] }, { ...told, otherRuns }).findings;
    expect(found([other])).toEqual([]);
    expect(found([]).map(({ attribution }) => attribution.to)).toEqual(["shared"]);
  });
});
