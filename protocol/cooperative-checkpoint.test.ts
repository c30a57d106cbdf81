import { expect, test } from "vitest";

import { CooperativeCheckpoint, cooperationWaitMsMax } from "./cooperative-checkpoint.ts";
import { JobSpec } from "./messages.ts";

const cooperative = { signal: "SIGUSR1", file: "checkpoint.ready" };

test("a job cooperates only if it says so, and is waited for two seconds unless it says otherwise", () => {
  expect(JobSpec.parse({ command: ["true"] }).checkpoint).toBeUndefined();
  const job = JobSpec.parse({ command: ["true"], checkpoint: { cooperative } });
  expect(job.checkpoint?.cooperative).toEqual({ ...cooperative, waitMs: 2_000 });
});

test.each([
  ["a wait beyond the longest", { waitMs: cooperationWaitMsMax + 1 }],
  ["no wait at all", { waitMs: 0 }],
  ["a signal that nobody can handle", { signal: "SIGKILL" }],
  ["the signal that ends jobs", { signal: "SIGTERM" }],
  ["a path", { file: "state/ready" }],
  ["a way out of the workspace", { file: ".." }],
  ["the workspace itself", { file: "." }],
  ["no name", { file: "" }],
  ["a file of the agent's", { file: ".houseguest-result" }],
])("%s is refused", (_, wrong) => {
  expect(CooperativeCheckpoint.safeParse({ ...cooperative, ...wrong }).success).toBe(false);
});
