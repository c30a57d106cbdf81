import { describe, expect, test } from "vitest";

import { Timing } from "./timing.ts";

describe("timing", () => {
  test.each([
    { heartbeatIntervalMs: 0 },
    { heartbeatIntervalMs: 1.5 },
    { heartbeatJitterRatio: 0.51 },
    { leaseTtlMs: 1_800_001 },
    { eventHeartbeatMs: 99 },
    { eventHeartbeatMs: 3_600_001 },
    { leaseTTLms: 1 },
  ])("%j is refused", (wrong) => {
    expect(Timing.safeParse(wrong).success).toBe(false);
  });
});
