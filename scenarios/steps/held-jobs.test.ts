import { expect, test } from "vitest";

import { grant, HistoryBuilder } from "../testing/history-builder.ts";
import { heldJobs } from "./held-jobs.ts";

const { agentId } = grant(1, 1);
const batch = new Map([1, 2].map((job) => [grant(job, 1).jobId, 1]));
const wanted = (jobs: number) => ({
  ...{ batch, agentId },
  step: { step: "cancel", batch: "work", agent: "donor", jobs } as const,
});

test("those are held that were leased and did not come back", () => {
  const { records } = new HistoryBuilder().lease(1, 1).lease(2, 1).release(1, 1, "handed-back").lease(3, 1);
  expect(heldJobs(records, wanted(1))).toEqual([grant(2, 1).jobId]);
});

test("whoever holds fewer than are to be cancelled is told so", () => {
  expect(() => heldJobs([], wanted(1))).toThrow("donor holds 0 jobs (work)");
});
