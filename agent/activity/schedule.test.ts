import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { watchSchedule } from "./schedule.ts";
import { HeardPulses } from "./testing/heard-pulses.ts";

// The clock alone is set here: nobody waits for a Monday.
beforeEach(
  () => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] }),
);
afterEach(() => void vi.useRealTimers());

const quietMs = 300_000;
const minuteMs = 60_000;

function openAt(time: string, schedules: string[], quiet = quietMs) {
  vi.setSystemTime(new Date(time));
  const heard = new HeardPulses();
  const trigger = watchSchedule({ ...heard.options, schedules, quietMs: quiet });
  return { heard, trigger };
}

test("pulses from the first minute of the owner's time to the last, and not outside it", async () => {
  const { heard, trigger } = openAt("2026-03-02T08:58:10", ["mon 09:00-09:05"]);
  await vi.advanceTimersByTimeAsync(109_000);
  expect(heard.pulses).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(heard.pulses[0]).toMatchObject({ what: "schedule" });
  expect(heard.pulses[0]?.ageMs).toBeLessThan(1_500);
  await vi.advanceTimersByTimeAsync(5 * minuteMs);
  const count = heard.pulses.length;
  // More often than it takes to be quiet.
  expect(count).toBeGreaterThan(5);
  await vi.advanceTimersByTimeAsync(24 * 60 * minuteMs);
  expect(heard.pulses).toHaveLength(count);
  await vi.advanceTimersByTimeAsync(6 * 24 * 60 * minuteMs);
  expect(heard.pulses.length).toBeGreaterThan(count);
  await trigger.close();
});

test("one that is opened in the midst of it pulses at once, and has just noticed", async () => {
  const { heard, trigger } = openAt("2026-03-02T09:02:40", ["mon 09:00-09:05"]);
  expect(heard.pulses).toEqual([{ what: "schedule", ageMs: 0 }]);
  await trigger.close();
});

test.each([1_000, 10_000, quietMs])("no two pulses are a quiet time of %d ms apart", async (quiet) => {
  const { heard, trigger } = openAt("2026-03-02T08:59:59", ["* 9 * * 1"], quiet);
  const times: number[] = [];
  const { onPulse } = heard;
  await trigger.close();
  const again = watchSchedule({
    ...heard.options,
    onPulse: (pulse) => {
      times.push(Date.now());
      onPulse(pulse);
    },
    schedules: ["* 9 * * 1"],
    quietMs: quiet,
  });
  await vi.advanceTimersByTimeAsync(10 * minuteMs);
  const apart = times.slice(1).map((time, index) => time - (times[index] as number));
  expect(Math.max(...apart)).toBeLessThan(quiet);
  await again.close();
});

test("nothing pulses after the end, and a schedule that is none is told and left out", async () => {
  const { heard, trigger } = openAt("2026-03-02T09:00:00", ["nonsense", "* * * * *"]);
  expect(heard.cannot).toEqual([expect.stringContaining('"nonsense" is no schedule')]);
  await trigger.close();
  const count = heard.pulses.length;
  expect(count).toBe(1);
  await vi.advanceTimersByTimeAsync(10 * minuteMs);
  expect(heard.pulses).toHaveLength(count);
  expect(vi.getTimerCount()).toBe(0);
});
