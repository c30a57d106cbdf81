import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import type { Diagnosis } from "../doctor/diagnose.ts";
import { writableCgroup } from "../stages/host/run-cgroup.ts";
import { runMain } from "../testing/run-main.ts";

it("tries everything, leaves nothing, and ends with what it says of the catalogue", async () => {
  const place = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  vi.stubEnv("TMPDIR", place);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { exitCode, stdout, stderr } = await runMain(["doctor", "--json"]);
  const diagnosis = jsonOf({ stdout, stderr, exitCode }) as Diagnosis & { exitCode: number };
  expect(readdirSync(place)).toEqual([]);
  const lacking = diagnosis.scenarios.filter(({ missing }) => missing.length > 0);
  expect({ exitCode, told: diagnosis.exitCode }).toEqual({
    ...{ exitCode: lacking.length > 0 ? 1 : 0, told: exitCode },
  });
  const mute = diagnosis.probes.filter(({ status, remedy, detail }) => status !== "ok" && (!remedy || !detail));
  expect(mute).toEqual([]);
});

it("tells people what to do about it", async () => {
  // No program but those that are named by their path is found.
  vi.stubEnv("PATH", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stdout } = await runMain(["doctor"]);
  expect(stdout).toMatch(
    /no +bubblewrap +bwrap is not installed\n.*for jobs in namespaces.*\n +apt install bubblewrap\n/,
  );
  expect(stdout).toMatch(/no +redis-server +redis-server is not installed\n/);
  const cgroups = writableCgroup();
  const left =
    cgroups === undefined ? [] : readdirSync(cgroups).filter((name) => name.includes(`doctor-${process.pid}`));
  expect(left).toEqual([]);
});
