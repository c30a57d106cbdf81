import { expect, test } from "vitest";

import { pausedInWords } from "./pause-words.ts";

const paused = { freezeMs: 1.26, frozenSandboxes: 2, checkpoints: 2, snapshotMs: 40 };

test("a pause says what it measured", () => {
  expect(pausedInWords(paused)).toBe("Paused: 2 sandboxes stopped in 1.3 ms, 2 checkpoints saved in 40 ms.\n");
});

test("a pause without one of its checkpoints says which, and why", () => {
  const notSaved = [{ jobId: "job-1", reason: "the disk is full" }];
  expect(pausedInWords({ ...paused, checkpoints: 1, notSaved })).toMatch(
    /1 checkpoints saved in 40 ms\.\n {2}job-1 stands still without a checkpoint: the disk is full\n$/,
  );
});

test("a pause of an agent that is still enrolling does not say that it is paused", () => {
  const remembered = { ...paused, frozenSandboxes: 0, checkpoints: 0, remembered: true };
  expect(pausedInWords(remembered)).toMatch(/^The agent has not enrolled yet/);
});
