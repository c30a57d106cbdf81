import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { expect, onTestFinished, test } from "vitest";

import { readProcess } from "../sandbox/proc-stat.ts";
import { until } from "../sandbox/testing/driver-bed.ts";
import { burnHere } from "../sandbox/testing/endless-job.ts";
import { readProcessors, shareOfOthers } from "./host-load.ts";
import { watchLoad } from "./load.ts";
import { HeardPulses } from "./testing/heard-pulses.ts";

/** A real process that is busy until it is ended; it ends by itself after a minute of CPU. */
function busyProcess() {
  const child = spawn("sh", ["-c", burnHere], { stdio: "ignore" });
  const exited = once(child, "exit");
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(end);
  return { usedMs: () => 10 * (readProcess(child.pid as number)?.cpuTicks ?? 0), end };
}

test("a busy process of somebody else makes it pulse, more than once, and it is silent after the end", async () => {
  const heard = new HeardPulses();
  // The least share: what this host does by itself may be more, and pulses too.
  const trigger = watchLoad({ ...heard.options, share: 0.001, jobsMs: () => 0, sampleMs: 50 });
  busyProcess();
  const pulse = await heard.after(() => undefined);
  expect(pulse).toEqual({ what: expect.stringMatching(/^load: \d+ % of the processors$/), ageMs: 0 });
  await heard.after(() => undefined);
  await trigger.close();
  const count = heard.pulses.length;
  const other = new HeardPulses();
  const again = watchLoad({ ...other.options, share: 0.001, jobsMs: () => 0, sampleMs: 50 });
  await other.after(() => undefined);
  await again.close();
  expect(heard.pulses).toHaveLength(count);
});

test("the time of our own jobs is taken off, as much as they took", async () => {
  const job = busyProcess();
  const before = { processors: readProcessors(), jobMs: job.usedMs() };
  await until(() => job.usedMs() >= before.jobMs + 500, "the job has worked");
  const after = { processors: readProcessors(), jobMs: job.usedMs() };
  const readings = { before: before.processors, after: after.processors };
  const totalMs = 10 * (after.processors.total - before.processors.total);
  const ownMs = after.jobMs - before.jobMs;
  const busyMs = 10 * (after.processors.busy - before.processors.busy);
  const taken = shareOfOthers(readings, 0) - shareOfOthers(readings, ownMs);
  // On a host that does nothing else the two accounts of the kernel may differ by ticks: no more is taken off than there is.
  expect(taken).toBeCloseTo(Math.min(ownMs, busyMs) / totalMs, 6);
  expect(busyMs).toBeGreaterThan(ownMs / 2);
});

test("our own load alone never makes it pulse, however much that is (case 37)", async () => {
  const job = busyProcess();
  const heard = new HeardPulses();
  const control = new HeardPulses();
  // Whatever this host does beside it is counted with it here, so that only an error of the counting could be left.
  const first = readProcessors();
  const everythingMs = (): number => {
    const now = readProcessors();
    return 10 * (now.busy - first.busy);
  };
  // Two readings are not of one moment: what is busy between them may look like somebody else's once, but for some ticks
  // only. The job alone takes more than twice this share.
  const options = { share: 0.4 / availableParallelism(), sampleMs: 100 };
  const own = watchLoad({ ...heard.options, ...options, jobsMs: everythingMs });
  const others = watchLoad({ ...control.options, ...options, jobsMs: () => 0 });
  await until(() => control.pulses.length >= 5 && job.usedMs() > 300, "the same load pulses where it is not our own");
  await own.close();
  await others.close();
  expect(heard.pulses).toEqual([]);
});

test("when the load cannot be read any more it is told once, and nobody is brought down by it", async () => {
  const heard = new HeardPulses();
  let reads = 0;
  const jobsMs = (): number => {
    reads += 1;
    if (reads > 2) throw new Error("the cgroup is gone");
    return 0;
  };
  const trigger = watchLoad({ ...heard.options, share: 1, jobsMs, sampleMs: 10 });
  await until(() => heard.cannot.length > 0, "it is told");
  expect(heard.cannot).toEqual([expect.stringContaining("(the cgroup is gone)")]);
  const control = new HeardPulses();
  const other = watchLoad({ ...control.options, share: 0.0001, jobsMs: () => 0, sampleMs: 10 });
  busyProcess();
  await control.after(() => undefined);
  expect(reads).toBe(3);
  await other.close();
  await trigger.close();
});

test("what a share is: of all processors, over the time, without what waits or is another host's", () => {
  const before = { busy: 1_000, total: 10_000 };
  expect(shareOfOthers({ before, after: { busy: 1_300, total: 10_800 } }, 0)).toBeCloseTo(0.375);
  expect(shareOfOthers({ before, after: { busy: 1_300, total: 10_800 } }, 2_000)).toBeCloseTo(0.125);
  expect(shareOfOthers({ before, after: { busy: 1_300, total: 10_800 } }, 9_000)).toBe(0);
  expect(shareOfOthers({ before, after: before }, 0)).toBe(0);
});
