import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { HistoryRecord } from "../../protocol/history.ts";
import type { Reporter } from "../../reports/reporter.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import { runOptions } from "../config.ts";
import { followerOf, passingOn } from "./following.ts";
import { openSimPool } from "./sim-pool.ts";

const silent: Reporter = { record: () => undefined, end: () => undefined, close: () => undefined };
const record = (type: string, data: object): HistoryRecord =>
  ({ at: 0, actor: "harness", source: "r", sequence: 0, type, data }) as never;

test("where a run is stands in its phases and its own steps, and nothing else is passed on", () => {
  const told: string[] = [];
  const reporter = passingOn(({ type }) => void told.push(type));
  const step = { index: 0, step: "join", title: "join donor" };
  for (const data of [step, { ...step, path: "1.1.1" }]) reporter.record(record("step.begin", data));
  reporter.record(record("broker.job", {}));
  reporter.record(record("run.phase", { phase: "baseline", edge: "begin" }));
  expect(told).toEqual(["step.begin", "run.phase"]);
});

test("nobody is asked to tell where nobody listens", () => {
  expect(followerOf([silent])).toBeUndefined();
  const heard: string[] = [];
  followerOf([silent, { ...silent, follow: ({ type }) => void heard.push(type) }])?.(record("run.phase", {}));
  expect(heard).toEqual(["run.phase"]);
});

test("a run in a thread of its own says at which step it is before it is over, to whoever is busy too", async () => {
  const runs = mkdtempSync(join(tmpdir(), "following-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const pool = openSimPool(1, new AbortController().signal);
  onTestFinished(async () => await pool.close());
  const heard: string[] = [];
  const reporter: Reporter = {
    ...silent,
    follow: ({ type, data }) => void heard.push("title" in data ? `${type} ${data.title}` : type),
    end: () => void heard.push("end"),
  };
  const scenario = scenarioNamed("withdraw-twice");
  const request = { scenario, options: runOptions(scenario, {}, "s"), runs, reproduce: "" };
  // Once to have the thread there, and once with everything said before this thread can listen.
  await pool.run({ ...request, reporters: [silent] });
  const running = pool.run({ ...request, reporters: [reporter] });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  expect((await running).exitCode).toBe(0);
  expect(heard[0]).toBe("run.started");
  expect(heard).toContain("step.begin start the broker");
  expect(heard.at(-1)).toBe("end");
});
