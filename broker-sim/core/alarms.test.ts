import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";

import { type Alarm, Alarms } from "./alarms.ts";

interface Agent extends Alarm<"agent"> {
  readonly id: string;
}

const ensured = fc.array(fc.record({ id: fc.integer({ min: 0, max: 4 }), atMs: fc.integer({ min: 0, max: 30 }) }));

test.prop([ensured])("wakes for each subject once, at the earliest time asked for", (asked) => {
  const alarms = new Alarms<Agent>();
  const agents = ["agent-a", "agent-b"].map((id): Agent => ({ kind: "agent", id, alarmAtMs: Infinity }));
  const earliest = new Map<string, number>();
  for (const { id, atMs } of asked) {
    const agent = agents[id];
    const name = agent?.id ?? `job-${id}`;
    if (agent === undefined) alarms.ensure("job", name, atMs);
    else alarms.ensureAgent(agent, atMs);
    earliest.set(name, Math.min(atMs, earliest.get(name) ?? atMs));
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
