import { expect, test } from "vitest";

import { byteSize, counted, duration, milliseconds, wholeNumber } from "./duration.ts";

test.for([
  [0, "0 ms"],
  [0.42, "0.42 ms"],
  [3.14, "3.1 ms"],
  [9.96, "10 ms"],
  [412.4, "412 ms"],
  [999.6, "1.00 s"],
  [6_420, "6.42 s"],
  [9_996, "10.0 s"],
  [59_960, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [3_599_700, "1 h 00 min"],
  [3_720_000, "1 h 02 min"],
] as const)("%d ms is %s", ([ms, text]) => {
  expect(duration(ms)).toBe(text);
});

test("figures as a person reads them", () => {
  expect([0.123, 9.999, 54.32, 1_634.2].map(milliseconds)).toEqual(["0.12", "10.0", "54.3", "1,634"]);
  expect([7, 999, 1_000, 541_208, 1_234_567].map(wholeNumber)).toEqual(["7", "999", "1,000", "541,208", "1,234,567"]);
  expect([0, 1_000, 4_300, 300 * 1024 * 1024].map(byteSize)).toEqual(["0 B", "1000 B", "4.2 KiB", "300 MiB"]);
  expect([counted(1, "job"), counted(2, "job"), counted(3, "process", "processes")]).toEqual([
    "1 job",
    "2 jobs",
    "3 processes",
  ]);
});
