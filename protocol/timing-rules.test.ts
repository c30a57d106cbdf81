import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type TimingRule, brokenTimingRules, holds, timingRules } from "./timing-rules.ts";
import { defaultTiming, Timing } from "./timing.ts";

const brokenNames = (timing: Timing): string[] =>
  timingRules.filter((rule) => !holds(rule, timing)).map(({ name }) => name);

/**
 * Times that keep to every rule and meet this one exactly: the time itself at its bound, and what else hangs on it moved
 * out of the way.
 */
function atTheBorder(rule: TimingRule): Timing {
  const roomy: Timing = { ...defaultTiming, activityTimeoutMs: 100_000 };
  const apart: Partial<Record<string, Partial<Timing>>> = {
    "renewal-unanswered-once": { activityTimeoutMs: 310_000, shutdownTimeoutMs: 280_000 },
    "lost-before-revoked": { activityTimeoutMs: 200_000 },
    "last-word-before-expiry": { signatureWindowMs: 900_000 },
    "expired-before-revoked": { leaseTtlMs: 1_000_000, activityTimeoutMs: 100_000 },
    skew: { resultTimeoutMs: 5_000, shutdownTimeoutMs: 10_000, requestTimeoutMs: 10_000 },
    "skew-of-the-last-word": { resultTimeoutMs: 5_000 },
  };
  const timing = { ...roomy, ...apart[rule.name] };
  return { ...timing, [rule.time]: rule.boundMs(timing) };
}

describe("the rules between times", () => {
  test("hold for the defaults", () => {
    expect(brokenTimingRules(defaultTiming)).toEqual([]);
  });

  test("have a name each, a reason, and other times than their own", () => {
    expect(new Set(timingRules.map(({ name }) => name)).size).toBe(timingRules.length);
    for (const { time, of, because } of timingRules) {
      expect(of.length).toBeGreaterThan(0);
      expect(of).not.toContain(time);
      expect(because.length).toBeGreaterThan(20);
    }
  });

  test.each(timingRules.map((rule) => [rule.name, rule] as const))(
    "%s: safe at its border, and not one beyond",
    (_, rule) => {
      const { name, time, is, of } = rule;
      const safe = atTheBorder(rule);
      const other = brokenNames(safe);
      expect(other).toEqual([]);
      const beyond = { ...safe, [time]: safe[time] + (is === "at least" ? -1 : 1) };
      expect(brokenNames(beyond)).toContain(name);
      const told = brokenTimingRules(beyond).find((line) => line.startsWith(`${name}: `)) ?? "";
      for (const shown of of) expect(told).toContain(`${shown} ${beyond[shown]}`);
      expect(told).toContain(`${name}: ${time} ${beyond[time]} must be ${is} `);
      expect(told).toMatch(/; (set|change) /);
    },
  );

  test.each([
    ["one-late-heartbeat", { activityTimeoutMs: 81_999 }, { activityTimeoutMs: 82_000 }],
    ["renewal", { leaseTtlMs: 107_999 }, { leaseTtlMs: 108_000 }],
    ["start-again-after-a-heartbeat", { startAgainAfterMs: 35_999 }, { startAgainAfterMs: 36_000 }],
  ] as const)("%s counts with heartbeats that come as late as their jitter lets them", (name, unsafe, safe) => {
    expect(brokenNames({ ...defaultTiming, ...unsafe })).toEqual([name]);
    expect(brokenNames({ ...defaultTiming, ...safe })).toEqual([]);
    // The same times are safe where heartbeats come to the moment.
    expect(brokenNames({ ...defaultTiming, ...unsafe, heartbeatJitterRatio: 0 })).toEqual([]);
  });

  test("a call that hangs longer than an agent's silence allows for is refused, however short of that silence it is", () => {
    // Each end of a call before the agent would be lost, and none of the next heartbeat.
    for (const requestTimeoutMs of [10_001, 46_000, 80_000]) {
      const timing = { ...defaultTiming, requestTimeoutMs, shutdownTimeoutMs: 80_000 };
      expect(brokenNames(timing)).toEqual(["one-late-heartbeat"]);
      expect(brokenNames({ ...timing, activityTimeoutMs: 72_000 + requestTimeoutMs })).toEqual([]);
    }
  });

  test("a slow heartbeat breaks every rule that hangs on it, each by name", () => {
    expect(brokenNames({ ...defaultTiming, heartbeatIntervalMs: 400_000 })).toEqual([
      "one-late-heartbeat",
      "renewal",
      "renewal-unanswered-once",
      "start-again-after-a-heartbeat",
    ]);
  });

  test("a lease that is shorter than its holder needs to end a stubborn job is refused", () => {
    const short = { ...defaultTiming, heartbeatIntervalMs: 1_000, leaseTtlMs: 30_000, offerTtlMs: 5_000 };
    expect(brokenNames(short)).toEqual(["gone-before-granted-again"]);
    expect(brokenNames({ ...short, terminateGraceMs: 6_000 })).toEqual([]);
  });

  property.prop([fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 0.3, noNaN: true })])(
    "safe times stay safe when all of them are shortened alike, as scenarios do; signatures keep to whole seconds",
    (divisor, heartbeatJitterRatio) => {
      // The default is at its border: it has no room for more jitter than the default's.
      const roomy = { ...defaultTiming, activityTimeoutMs: 90_000 };
      const shortened = Object.entries(roomy).map(([name, ms]) => [name, Math.max(1, Math.floor(ms / divisor))]);
      const timing = Timing.parse({
        ...Object.fromEntries(shortened),
        heartbeatJitterRatio,
        signatureWindowMs: 300_000,
      });
      expect(brokenTimingRules(timing)).toEqual([]);
    },
  );
});
