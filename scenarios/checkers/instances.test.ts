import { expect, test } from "vitest";

import type { RecordOf } from "./checker.ts";
import { Instances } from "./instances.ts";

const agentId = "a".repeat(64);
const started = (source: string): RecordOf<"agent.started"> =>
  ({ source, data: { agentId } }) as unknown as RecordOf<"agent.started">;

function counted(): Instances<number> {
  let begun = 0;
  return new Instances(() => (begun += 1));
}

test("what is kept of an instance is kept, whoever is asked about in between", () => {
  const instances = counted();
  expect(["one", "one", "other", "one", "other"].map((source) => instances.of(source))).toEqual([1, 1, 2, 1, 2]);
});

test("nothing is kept of an instance that is over, also when it was asked about last", () => {
  const instances = counted();
  instances.of("one");
  expect(instances.started(started("one"))).toBeUndefined();
  expect(instances.of("one")).toBe(1);
  expect(instances.started(started("next"))).toBe(1);
  expect(instances.of("one")).toBe(2);
});

test("what is forgotten begins anew, also when it was asked about last", () => {
  const instances = counted();
  expect(instances.of("one")).toBe(1);
  instances.forget("one");
  expect(instances.of("one")).toBe(2);
  instances.forget("other");
  expect(instances.of("one")).toBe(2);
});
