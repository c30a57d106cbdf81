import { describe, expect, test } from "vitest";

import { isTerminalJob, jobStates, jobSuccessors } from "./job-states.ts";

describe("the job's transitions", () => {
  test("completed, failed and cancelled are terminal, and only they", () => {
    expect(jobStates.filter(isTerminalJob)).toEqual(["completed", "failed", "cancelled"]);
  });

  test("only a leased job can be completed (I2, I3)", () => {
    expect(jobStates.filter((from) => jobSuccessors[from].includes("completed"))).toEqual(["leased"]);
  });

  test("a job is leased only after it was offered (I1)", () => {
    expect(jobStates.filter((from) => jobSuccessors[from].includes("leased"))).toEqual(["offered"]);
  });

  test.each(jobStates.filter((state) => !isTerminalJob(state)))(
    "a job that is %s can go on or end: none is stuck (L2)",
    (from) => {
      expect(jobSuccessors[from]).toEqual(expect.arrayContaining(["cancelled", "failed"]));
      expect(from === "queued" || jobSuccessors[from].includes("queued")).toBe(true);
    },
  );
});
