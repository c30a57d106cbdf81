import { describe, expect, test } from "vitest";
import { Cron } from "croner";

import { cronPatterns } from "./cron-patterns.ts";

/** Whether a local time falls into a schedule. */
function falls(schedule: string, time: string): boolean {
  return cronPatterns(schedule).some((pattern) => new Cron(pattern, { paused: true }).match(new Date(time)));
}

// 2026-03-02 is a Monday.
describe("times of the day", () => {
  test.each([
    [
      "09:00-17:30",
      ["2026-03-02T09:00", "2026-03-07T12:13", "2026-03-01T17:29"],
      ["2026-03-02T08:59", "2026-03-02T17:30"],
    ],
    [
      "mon-fri 9:15-9:45",
      ["2026-03-02T09:15", "2026-03-06T09:44"],
      ["2026-03-02T09:14", "2026-03-02T09:45", "2026-03-07T09:20"],
    ],
    ["Sat,Sun 10:00-12:00", ["2026-03-07T10:00", "2026-03-01T11:59"], ["2026-03-02T10:00", "2026-03-07T12:00"]],
    [
      "fri-mon 8:30-10:10",
      ["2026-03-06T08:30", "2026-03-01T09:00", "2026-03-02T10:09"],
      ["2026-03-03T09:00", "2026-03-06T10:10"],
    ],
    ["00:00-24:00", ["2026-03-02T00:00", "2026-03-02T23:59"], []],
    [
      "mon 22:30-06:00",
      ["2026-03-02T22:30", "2026-03-02T23:59", "2026-03-03T00:00", "2026-03-03T05:59"],
      ["2026-03-02T05:00", "2026-03-03T06:00", "2026-03-03T23:00"],
    ],
    ["sat 23:00-0:30", ["2026-03-07T23:59", "2026-03-01T00:29"], ["2026-03-01T00:30", "2026-03-02T00:10"]],
  ])("%s", (schedule, inside, outside) => {
    for (const time of inside) expect(falls(schedule, time), time).toBe(true);
    for (const time of outside) expect(falls(schedule, time), time).toBe(false);
  });
});

test("five fields of cron are taken as they are", () => {
  expect(cronPatterns("*/5 9-17 * * 1-5")).toEqual(["*/5 9-17 * * 1-5"]);
});

test.each([
  "",
  "always",
  "25:00-26:00",
  "09:00-09:00",
  "09:60-10:00",
  "10:00-24:30",
  "mon-foo 9:00-10:00",
  "* * * * * *",
  "61 * * * *",
])("%j is refused, with what to write instead", (schedule) => {
  expect(() => cronPatterns(schedule)).toThrow(
    expect.objectContaining({ code: "bad-schedule", next: expect.stringContaining("--pause-schedule") }),
  );
});
