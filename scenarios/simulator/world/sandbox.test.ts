import { describe, expect, test } from "vitest";

import { hurriedTerminations } from "../../../agent/sandbox/testing/hurried-terminations.ts";
import { SmallHost } from "../testing/small-host.ts";

const nothingLeft = (terminated: number) => ({ terminated, left: [] });

describe("a job in a sandbox", () => {
  test("does its units while it runs, none while it stands still, and ends when all are done", () => {
    const { small, host, ends, ...bed } = smallHost();
    const job = bed.startJob();
    small.at(3_500, () => job.stop());
    small.at(9_000, () => job.stop());
    small.at(10_000, () => job.goOn());
    small.at(11_000, () => job.goOn());
    small.passUntil(3_499);
    expect(job.progress).toBe(3);
    small.passUntil(9_999);
    expect([job.progress, job.isStopped, job.processes]).toEqual([3, true, 1]);
    small.passUntil(10_500);
    expect([job.progress, job.isStopped, job.resumes]).toEqual([4, false, 1]);
    small.passUntil(16_499);
    expect(ends).toEqual([]);
    small.passUntil(60_000);
    const result = JSON.stringify({ chain: "job-a-1:10", startedFrom: 0 });
    expect(ends).toEqual([[16_500, { exitCode: 0, signal: null, exceeded: null, progress: 10, result }]]);
    expect([job.processes, host.workspaceProgress(job.leaseId)]).toEqual([0, 10]);
  });

  test("goes on from where its directory says that it was", () => {
    const { small, ends, ...bed } = smallHost();
    const job = bed.startJob({}, { progress: 7 });
    expect([job.startedFrom, job.progress]).toEqual([7, 7]);
    small.passUntil(60_000);
    const result = JSON.stringify({ chain: "job-a-1:10", startedFrom: 7 });
    expect(ends).toEqual([[3_000, { exitCode: 0, signal: null, exceeded: null, progress: 10, result }]]);
  });

  test.each([
    ["fails", { exitCode: 3 }, [10_000, { exitCode: 3, signal: null, exceeded: null, progress: 10, result: null }]],
    [
      "dies",
      { diesAfterUnits: 4 },
      [4_000, { exitCode: null, signal: "SIGSEGV", exceeded: null, progress: 4, result: null }],
    ],
  ])("that %s hands in no result", (_, behaviour, end) => {
    const { small, ends, ...bed } = smallHost();
    bed.startJob(behaviour);
    small.passUntil(60_000);
    expect(ends).toEqual([end]);
  });

  test.each([
    ["in time", "inTime", [2_001]],
    ["too late", "late", [2_401]],
    ["never", "never", []],
  ] as const)("that answers %s when it is asked to put its files in order says so then", (_, cooperates, words) => {
    const { small, ...bed } = smallHost();
    const job = bed.startJob({ cooperates, cooperationWaitMs: 400 });
    small.at(2_000, () => expect(job.askCooperation()).toBe(true));
    small.passUntil(60_000);
    expect(bed.words).toEqual(words);
  });

  test("says it when it goes on, if it was stopped before it could, and not after its end", () => {
    const { small, ...bed } = smallHost();
    const job = bed.startJob({ cooperates: "late", cooperationWaitMs: 400 });
    small.at(1_000, () => job.askCooperation());
    small.at(1_200, () => job.stop());
    small.at(5_000, () => job.goOn());
    small.at(6_000, () => job.askCooperation());
    small.at(6_100, () => bed.terminate(job, { graceMs: 0 }));
    small.passUntil(60_000);
    expect(bed.words).toEqual([5_000]);
    expect(job.askCooperation()).toBe(false);
  });

  test.each([{ cooperates: "no" }, { cooperates: "deaf" }] as const)("$cooperates: it cannot be asked", (behaviour) => {
    expect(smallHost().startJob(behaviour).askCooperation()).toBe(false);
  });

  test("is not heard of by a later process start of the agent, nor before its start was told", () => {
    const { small, host, ends, ...bed } = smallHost();
    bed.startJob({}, { lease: "one" }).heard = false;
    bed.startJob({}, { lease: "two" });
    host.listener = {
      instanceId: "instance-2",
      killedByJob: () => undefined,
      sandboxEnded: () => ends.push([0, {} as never]),
      sandboxCooperated: () => undefined,
    };
    small.passUntil(60_000);
    expect(ends).toEqual([]);
  });

  test("takes its children with it and leaves its daemon, which stays until somebody ends it", () => {
    const { small, host, terminations, ...bed } = smallHost();
    const job = bed.startJob({ children: 3, daemon: true });
    expect(job.processes).toBe(5);
    small.passUntil(50_000);
    expect([job.processes, host.has(`processes:${job.leaseId}`), host.has(`cgroup:/cgroup/${job.leaseId}`)]).toEqual([
      1,
      true,
      true,
    ]);
    bed.terminate(job);
    small.passUntil(60_000);
    expect(terminations).toEqual([[50_001, nothingLeft(1)]]);
    expect([job.processes, host.things()]).toEqual([0, []]);
  });
});

describe("a termination", () => {
  test("of a job that hears TERM takes as long as it takes to end", () => {
    const { small, ends, terminations, ...bed } = smallHost({ "host:0": [4, 30] });
    const job = bed.startJob({ children: 2 });
    small.passUntil(2_500);
    bed.terminate(job);
    bed.agent.alive = false;
    small.passUntil(60_000);
    expect(terminations).toEqual([[2_531, nothingLeft(3)]]);
    expect(ends).toEqual([[2_531, { exitCode: null, signal: "SIGTERM", exceeded: null, progress: 2, result: null }]]);
  });

  test("of one that ignores TERM waits for the grace, and then kills it", () => {
    const { small, ends, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "ignores" });
    bed.terminate(job);
    small.passUntil(1_000);
    expect([job.processes, terminations]).toEqual([1, []]);
    small.passUntil(60_000);
    expect(terminations).toEqual([[1_001, nothingLeft(1)]]);
    expect(ends).toEqual([[1_001, { exitCode: null, signal: "SIGKILL", exceeded: null, progress: 1, result: null }]]);
  });

  test("whose sender dies within the grace kills nobody", () => {
    const { small, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "ignores", units: 100 });
    bed.terminate(job);
    small.at(999, () => (bed.agent.alive = false));
    small.passUntil(50_000);
    expect([job.processes, terminations]).toEqual([1, []]);
  });

  test("without a grace kills at once, whoever dies after", () => {
    const { small, terminations, ...bed } = smallHost();
    bed.terminate(bed.startJob({ onTerm: "ignores" }), { graceMs: 0 });
    bed.agent.alive = false;
    small.passUntil(60_000);
    expect(terminations).toEqual([[1, nothingLeft(1)]]);
  });

  test("of one that sleeps in the kernel names it at the deadline, once; it dies when it wakes", () => {
    const { small, host, ends, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "unkillable", units: 1_000 });
    bed.terminate(job, { graceMs: 1_000, deadlineMs: 5_000 });
    const left = [{ pid: job.pid, startTime: String(job.pid), command: "simulated-job" }];
    small.passUntil(80_000);
    expect([terminations, job.processes]).toEqual([[[5_000, { terminated: 0, left }]], 1]);
    small.passUntil(100_000);
    expect([job.processes, ends.length, host.has(`processes:${job.leaseId}`)]).toEqual([0, 1, false]);
    small.passUntil(600_000);
    expect([terminations.length, ends.length]).toEqual([1, 1]);
  });

  test("of one that sleeps in the kernel is heard by it after a minute and a half", () => {
    const { small, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "unkillable", units: 1_000 });
    bed.terminate(job, { graceMs: 0, deadlineMs: 5_000 });
    small.passUntil(90_000);
    expect(job.processes).toBe(1);
    small.passUntil(90_001);
    expect([job.processes, terminations.length]).toEqual([0, 1]);
  });

  test("is heard by who stands still, and lets nobody else run", () => {
    const { small, terminations, ...bed } = smallHost();
    const [one, other] = [bed.startJob({}, { lease: "one" }), bed.startJob({}, { lease: "two" })];
    one.stop();
    other.stop();
    bed.terminate(one);
    expect([one.isStopped, other.isStopped]).toEqual([false, true]);
    small.passUntil(60_000);
    expect([terminations, one.processes, other.processes, other.isStopped, other.progress]).toEqual([
      [[1, nothingLeft(1)]],
      0,
      1,
      true,
      0,
    ]);
  });

  test("comes through though a freeze falls into its grace", () => {
    const { small, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "ignores" });
    bed.terminate(job);
    small.at(500, () => job.stop());
    small.passUntil(60_000);
    expect(terminations).toEqual([[1_001, nothingLeft(1)]]);
  });

  test("asked for twice is one, and of what has ended has nothing to do", () => {
    const { small, ends, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "ignores" });
    bed.terminate(job);
    bed.terminate(job);
    small.passUntil(60_000);
    expect(terminations).toEqual([
      [1_001, nothingLeft(1)],
      [1_001, nothingLeft(1)],
    ]);
    bed.terminate(job);
    expect(terminations.at(-1)).toEqual([60_000, nothingLeft(0)]);
    expect(ends).toHaveLength(1);
  });

  test.each(hurriedTerminations)(
    "that is under way is hurried by a later call $name, as with the real drivers",
    ({ first, second, overInMs }) => {
      const { small, terminations, ...bed } = smallHost();
      const job = bed.startJob({ onTerm: "ignores", units: 10_000 });
      bed.terminate(job, first);
      expect(job.isEnding).toBe(true);
      small.passUntil(100);
      bed.terminate(job, second);
      small.passUntil(100 + overInMs - 1);
      expect(terminations.map(([, termination]) => termination)).toEqual([nothingLeft(1), nothingLeft(1)]);
      expect(job.isEnding).toBe(false);
    },
  );

  test("whose earliest deadline has come names who is left to all who wait", () => {
    const { small, terminations, ...bed } = smallHost();
    const job = bed.startJob({ onTerm: "unkillable", units: 1_000 });
    bed.terminate(job, { graceMs: 1_000, deadlineMs: 60_000 });
    bed.terminate(job, { graceMs: 0, deadlineMs: 2_000 });
    small.passUntil(80_000);
    expect(terminations.map(([atMs, { left }]) => [atMs, left.length])).toEqual([
      [2_000, 1],
      [2_000, 1],
    ]);
  });

  test("of one that is frozen before it has acted on TERM goes on when it is asked for again with a grace", () => {
    const { small, ends, ...bed } = smallHost({ "host:0": [4, 30, 4, 30] });
    const job = bed.startJob();
    bed.terminate(job);
    small.at(10, () => job.stop());
    small.at(500, () => bed.terminate(job));
    small.passUntil(499);
    expect([job.processes, ends]).toEqual([1, []]);
    small.passUntil(60_000);
    expect(ends).toMatchObject([[500, { signal: "SIGTERM" }]]);
  });

  test("of one that stays frozen comes to the KILL", () => {
    const { small, ends, ...bed } = smallHost({ "host:0": [4, 30] });
    const job = bed.startJob();
    bed.terminate(job);
    small.at(10, () => job.stop());
    small.passUntil(60_000);
    expect(ends).toMatchObject([[1_000, { signal: "SIGKILL" }]]);
  });

  test("is over when the job comes to its own end first", () => {
    const { small, ends, terminations, ...bed } = smallHost();
    bed.terminate(bed.startJob({ onTerm: "ignores", units: 1, unitMs: 300 }));
    small.passUntil(60_000);
    expect(terminations).toEqual([[300, nothingLeft(0)]]);
    expect(ends.map(([atMs, { exitCode }]) => [atMs, exitCode])).toEqual([[300, 0]]);
  });
});

describe("a power failure", () => {
  test("ends every process unheard, and leaves what lies on the disk", () => {
    const { small, host, ends, ...bed } = smallHost();
    const job = bed.startJob({ daemon: true });
    host.make("directory:/home");
    host.make("socket:/home/control.sock");
    host.journal.acquire(`processes:${job.leaseId}`);
    small.passUntil(4_500);
    host.losePower();
    expect([host.things(), job.processes, host.sandboxes.size]).toEqual([
      ["directory:/home", "socket:/home/control.sock"],
      0,
      0,
    ]);
    expect([host.workspaceProgress(job.leaseId), host.journal.holds(`processes:${job.leaseId}`)]).toEqual([4, true]);
    small.passUntil(60_000);
    expect(ends).toEqual([]);
  });
});

/** The bed, with its methods bound, so that a test can take it apart. */
function smallHost(draws: ConstructorParameters<typeof SmallHost>[0] = {}) {
  const bed = new SmallHost(draws);
  const { small, host, agent, ends, terminations, words } = bed;
  const startJob: SmallHost["startJob"] = (...words) => bed.startJob(...words);
  const terminate: SmallHost["terminate"] = (...words) => bed.terminate(...words);
  return { small, host, agent, ends, terminations, words, startJob, terminate };
}
