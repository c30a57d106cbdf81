import { readlinkSync } from "node:fs";

import { expect, it } from "vitest";

import { threadFlag } from "../../core/kernel-constants.ts";
import { ServiceThreads } from "./service-threads.ts";

const threadOf = (thread: number, made: number) => ({ thread, made, flags: threadFlag });
const none = { births: [], serving: [] };

it("takes in the threads and processes that a service makes, and nobody else's", () => {
  const services = new ServiceThreads([10]);
  expect(services.follow({ ...none, births: [threadOf(10, 11)] })).toBe(true);
  // Also of those of the same reading.
  const births = [threadOf(11, 12), threadOf(12, 13), threadOf(90, 91)];
  expect(services.follow({ ...none, births })).toBe(true);
  expect(services.all).toEqual([10, 11, 12, 13]);
  expect(services.follow({ ...none, births })).toBe(false);
});

it("takes in who waits for requests from now on, unless it comes from the run", () => {
  const services = new ServiceThreads([]);
  expect(services.follow({ ...none, serving: [process.pid] })).toBe(false);
  // Nobody's ancestor but its own.
  expect(services.follow({ ...none, serving: [1] })).toBe(process.platform === "linux");
});

it.skipIf(process.platform !== "linux")("takes in processes that go on with a service's program, and no others", () => {
  const services = new ServiceThreads([process.pid]);
  expect(services.follow({ ...none, births: [{ thread: process.pid, made: 1, flags: 0 }] })).toBe(false);
  // Whoever runs the same as this one: its own thread of execution, under another name.
  const same = new ServiceThreads([process.ppid]);
  const runsTheSame = readlinkSync("/proc/self/exe") === readlinkSync(`/proc/${process.ppid}/exe`);
  expect(same.follow({ ...none, births: [{ thread: process.ppid, made: process.pid, flags: 0 }] })).toBe(runsTheSame);
});

it("does not keep those that have ended", () => {
  // No pid is as high as these (pid_max is 2^22).
  const ended = Array.from({ length: 500 }, (_, index) => 5_000_000 + index);
  const services = new ServiceThreads(ended.slice(0, 1));
  const births = ended.slice(1).map((made) => threadOf(ended[0] as number, made));
  services.follow({ ...none, births });
  expect(services.all).toEqual([]);
});
