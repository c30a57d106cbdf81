import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { scenarioNamed } from "../catalog/catalog.ts";
import { runOptions } from "../config.ts";
import { openHostPool } from "./host-pool.ts";
import { NeverBegan } from "./never-began.ts";

test("a run whose process is ended before it listens never began, which is no bug", async () => {
  const runs = mkdtempSync(join(tmpdir(), "host-pool-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  const controller = new AbortController();
  const scenario = scenarioNamed("withdraw-twice");
  const request = { scenario, options: runOptions(scenario, {}, "s"), runs, reporters: [], reproduce: "" };
  const ended = openHostPool("host", controller.signal)(request);
  // Long before it has loaded anything.
  controller.abort();
  await expect(ended).rejects.toThrow(NeverBegan);
  expect(readdirSync(runs)).toEqual([]);
});

test("a process whose file cannot be loaded ends, and is not waited for", async () => {
  const scenario = { ...scenarioNamed("withdraw-twice"), file: join(tmpdir(), "no-such-scenario.ts") };
  const options = runOptions(scenario, {}, "s");
  const ended = openHostPool(
    "host",
    new AbortController().signal,
  )({
    ...{ scenario, options, runs: tmpdir(), reporters: [], reproduce: "" },
  });
  await expect(ended).rejects.toThrow("did not say what came of it: it ended with 1");
});
