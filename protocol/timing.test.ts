import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { brokenTimingRules, defaultTiming, Timing } from "./timing.ts";

describe("timing", () => {
  test("the defaults are mutually safe", () => {
    expect(brokenTimingRules(defaultTiming)).toEqual([]);
  });

  /** Each rule at its border: the last value that is safe, and the first that is not. */
  const { heartbeatIntervalMs, leaseTtlMs, activityTimeoutMs, requestTimeoutMs, revokeLostAfterMs } = defaultTiming;
  test.each([
    ["activityTimeoutMs", 2 * heartbeatIntervalMs, -1],
    ["leaseTtlMs", 3 * heartbeatIntervalMs, -1],
    ["offerTtlMs", leaseTtlMs, 1],
    ["revokeLostAfterMs", activityTimeoutMs + 1, -1],
    ["revokeShutdownAfterMs", revokeLostAfterMs, -1],
    ["signatureWindowMs", requestTimeoutMs, -1],
  ] as const)("%s is safe at %d ms and not at %d ms more", (name, lastSafe, step) => {
    expect(brokenTimingRules({ ...defaultTiming, [name]: lastSafe })).toEqual([]);
    const broken = brokenTimingRules({ ...defaultTiming, [name]: lastSafe + step });
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain(name);
  });

  test("a slow heartbeat breaks every rule that hangs on it, each by name", () => {
    const broken = brokenTimingRules({ ...defaultTiming, heartbeatIntervalMs: 200_000 });
    expect(broken.map((sentence) => sentence.split(" ")[0])).toEqual(["activityTimeoutMs", "leaseTtlMs"]);
  });

  test.each([
    { heartbeatIntervalMs: 0 },
    { heartbeatIntervalMs: 1.5 },
    { heartbeatJitterRatio: 0.51 },
    { leaseTtlMs: 1_800_001 },
    { leaseTTLms: 1 },
  ])("%j is refused", (wrong) => {
    expect(Timing.safeParse(wrong).success).toBe(false);
  });

  property.prop([fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 0.5, noNaN: true })])(
    "safe times stay safe when all of them are shortened alike, as scenarios do",
    (divisor, heartbeatJitterRatio) => {
      const shortened = Object.entries(defaultTiming).map(([name, ms]) => [
        name,
        Math.max(1, Math.floor(ms / divisor)),
      ]);
      const timing = Timing.parse({ ...Object.fromEntries(shortened), heartbeatJitterRatio });
      expect(brokenTimingRules(timing)).toEqual([]);
    },
  );
});
