import { expect, test } from "vitest";

import { agentId, HistoryBuilder } from "../testing/history-builder.ts";
import { checkpoint } from "../testing/lifecycle-story.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { jobsSummary } from "./jobs.ts";

test("the usual run: two rounds of four completed, four handed back, the rest never leased", () => {
  expect(jobsSummary(runFixtures.passing().history)).toMatchObject({
    ...{ submitted: 24, completed: 8, failed: 0, cancelled: 0, waiting: 16, leased: 0 },
    ...{ handedBack: 4, handedBackWithCheckpoint: 4, leasedAgain: 0, checkpoints: 8, checkpointsFailed: 0 },
    refusals: [{ code: "revoked", count: 1 }],
  });
});

test("a job handed back and then completed by another is completed, and counts as leased again", () => {
  const history = new HistoryBuilder();
  queue(history, "job-a");
  grant(history, "job-a", 1);
  release(history, "job-a", 1, "handed-back");
  grant(history, "job-a", 2);
  history.broker("broker.job", { jobId: "job-a", from: "leased", to: "completed", epoch: 2, reason: "" });
  expect(jobsSummary(history.records)).toMatchObject({ submitted: 1, completed: 1, handedBack: 0, leasedAgain: 1 });
});

test("a job handed back and held by another now is leased, not handed back", () => {
  const history = new HistoryBuilder();
  queue(history, "job-a");
  grant(history, "job-a", 1);
  release(history, "job-a", 1, "handed-back");
  grant(history, "job-a", 2);
  expect(jobsSummary(history.records)).toMatchObject({ leased: 1, waiting: 0, handedBack: 0 });
});

test("handed back without a checkpoint is told apart; an expired lease is not handed back", () => {
  const history = new HistoryBuilder();
  for (const jobId of ["job-a", "job-b", "job-c"]) {
    queue(history, jobId);
    grant(history, jobId, 1);
  }
  release(history, "job-a", 1, "handed-back");
  release(history, "job-b", 1, "handed-back", false);
  release(history, "job-c", 1, "expired");
  expect(jobsSummary(history.records)).toMatchObject({ waiting: 3, handedBack: 2, handedBackWithCheckpoint: 1 });
});

test("a result is counted once, by the last look at it", () => {
  const history = new HistoryBuilder()
    .harness("witness.result", { jobId: "job-a", correct: true, startedFrom: 0, detail: "" })
    .harness("witness.result", { jobId: "job-b", correct: false, startedFrom: 0, detail: "4 is not 5" })
    .harness("witness.result", { jobId: "job-a", correct: true, startedFrom: 0, detail: "" });
  expect(jobsSummary(history.records)).toMatchObject({ resultsVerified: 2, resultsCorrect: 1 });
});

function queue(history: HistoryBuilder, jobId: string): void {
  history.broker("broker.job", { jobId, from: null, to: "queued", epoch: 0, reason: "submitted" });
}

function grant(history: HistoryBuilder, jobId: string, epoch: number): void {
  history.broker("broker.leased", { jobId, leaseId: `lease-${epoch}`, epoch, agentId, expiresAt: 0 });
  history.broker("broker.job", { jobId, from: "offered", to: "leased", epoch, reason: "accepted" });
}

function release(history: HistoryBuilder, jobId: string, epoch: number, how: "handed-back" | "expired", saved = true) {
  const left = saved ? checkpoint(7) : null;
  history.broker("broker.released", {
    jobId,
    leaseId: `lease-${epoch}`,
    epoch,
    agentId,
    how,
    progress: 7,
    checkpoint: left,
  });
  history.broker("broker.job", { jobId, from: "leased", to: "queued", epoch, reason: how });
}
