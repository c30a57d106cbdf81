import { expect, test } from "vitest";

import { limits } from "../../../foundation/limits.ts";
import { settledWithinMs } from "./await-settled.ts";

test("a batch is waited for the longer the more jobs it has, and never so long that no timer waits for it", () => {
  const step = { step: "await-settled", batch: "work", withinMs: 60_000 } as const;
  expect(settledWithinMs(step, 500)).toBe(60_000);
  expect(settledWithinMs({ ...step, perJobMs: 5_000 }, 500)).toBe(2_560_000);
  expect(settledWithinMs({ ...step, perJobMs: 600_000 }, limits.jobsPerRunMax)).toBe(2 ** 31 - 1);
});
