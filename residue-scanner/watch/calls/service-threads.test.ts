import { expect, it } from "vitest";

import { ServiceThreads } from "./service-threads.ts";

const none = { births: [], serving: [] };

it("takes in the threads and processes that a service makes, and nobody else's", () => {
  const services = new ServiceThreads([10]);
  expect(services.follow({ ...none, births: [{ thread: 10, made: 11 }] })).toBe(true);
  // Also of those of the same reading.
  const births = [
    { thread: 11, made: 12 },
    { thread: 12, made: 13 },
    { thread: 90, made: 91 },
  ];
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

it("does not keep those that have ended", () => {
  // No pid is as high as these (pid_max is 2^22).
  const ended = Array.from({ length: 500 }, (_, index) => 5_000_000 + index);
  const services = new ServiceThreads(ended.slice(0, 1));
  const births = ended.slice(1).map((made) => ({ thread: ended[0] as number, made }));
  services.follow({ ...none, births });
  expect(services.all).toEqual([]);
});
