import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { Alarms } from "./alarms.ts";

const ensured = fc.array(fc.record({ id: fc.integer({ min: 0, max: 4 }), atMs: fc.integer({ min: 0, max: 30 }) }));

test.prop([ensured])("wakes for each subject once, at the earliest time asked for", (asked) => {
  const alarms = new Alarms();
  const earliest = new Map<string, number>();
  for (const { id, atMs } of asked) {
    alarms.ensure("job", String(id), atMs);
    earliest.set(String(id), Math.min(atMs, earliest.get(String(id)) ?? atMs));
  }
  const woken = new Map<string, number>();
  for (let atMs = alarms.nextAtMs(); atMs !== null; atMs = alarms.nextAtMs()) {
    expect(alarms.takeDue(atMs - 1)).toBeUndefined();
    const alarm = alarms.takeDue(atMs);
    expect(woken.has(String(alarm?.id))).toBe(false);
    woken.set(String(alarm?.id), atMs);
  }
  expect(woken).toEqual(earliest);
});
