import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, it } from "vitest";

import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { nextInstanceName, removeLeftoverInstances } from "./instance-name.ts";

// This pid with a start time that is not its own: a recorder that has ended.
const dead = `houseguest-${process.pid}-1-0`;
const others = "somebody-else";
let alive: string;
let tracefs: string;
const instances = () => readdirSync(join(tracefs, "instances"));

beforeEach(() => {
  tracefs = temporaryDirectory();
  alive = nextInstanceName();
  for (const name of [alive, dead, others]) mkdirSync(join(tracefs, "instances", name), { recursive: true });
});

it.skipIf(process.platform !== "linux")("of dead recorders the instances are removed, and no others", () => {
  expect(removeLeftoverInstances(tracefs, true)).toEqual({ removed: [dead], left: [] });
  expect(instances().sort()).toEqual([alive, others].sort());
});

it("where pids mean something else nobody is taken for dead, and all are named", () => {
  const { removed, left } = removeLeftoverInstances(tracefs, false);
  expect(removed).toEqual([]);
  expect(left.map(({ name }) => name).sort()).toEqual([alive, dead].sort());
  expect(left[0]?.why).toContain("first PID namespace");
  expect(instances()).toHaveLength(3);
});
