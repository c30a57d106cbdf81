import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { runOptions } from "../config.ts";
import { runOnSim } from "../run-on-sim.ts";
import type { Scenario, ScenarioKnobs } from "../steps/scenario.ts";
import { catalog } from "./catalog.ts";

/**
 * What users say with --slots, --jobs and --cycles: a good agent passes with more and with less than the defaults. For every
 * change each of the three by itself, at its ends; in the night all that go together (HOUSEGUEST_SWEEP=all).
 */
const isWide = process.env["HOUSEGUEST_SWEEP"] === "all";
const names = ["slots", "jobs", "cycles"] as const;
/** More rounds than these show nothing new of how figures go together, and take their time. */
const cyclesMax = isWide ? 50 : 10;

const runs = mkdtempSync(join(tmpdir(), "sweep-"));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

test.each(catalog.filter(({ stages }) => stages.includes("sim")))(
  "$name passes with fewer and with more slots, jobs and cycles",
  async (scenario) => {
    const failed: string[] = [];
    for (const knobs of isWide ? allTogether(scenario) : eachByItself(scenario)) {
      const options = runOptions(scenario, knobs, "sweep");
      const { exitCode, expectations, error } = await runOnSim({
        scenario,
        options,
        runs,
        reporters: [],
        reproduce: "",
      });
      const broken = expectations.find(({ result }) => result !== "pass");
      if (exitCode !== 0) failed.push(`${JSON.stringify(knobs)}: ${error ?? `${broken?.id}: ${broken?.detail}`}`);
    }
    expect(failed).toEqual([]);
  },
);

function valuesOf({ defaults }: Scenario, name: keyof ScenarioKnobs): number[] {
  const usual = defaults[name];
  const values = isWide ? [1, usual, 2 * usual, 5 * usual] : [1, 5 * usual];
  return [...new Set(values.map((value) => (name === "cycles" ? Math.min(value, cyclesMax) : value)))];
}

function usualOf({ defaults }: Scenario): ScenarioKnobs {
  return { ...defaults, cycles: Math.min(defaults.cycles, cyclesMax) };
}

function eachByItself(scenario: Scenario): ScenarioKnobs[] {
  return names.flatMap((name) => valuesOf(scenario, name).map((value) => ({ ...usualOf(scenario), [name]: value })));
}

function allTogether(scenario: Scenario): ScenarioKnobs[] {
  return valuesOf(scenario, "slots").flatMap((slots) =>
    valuesOf(scenario, "jobs").flatMap((jobs) =>
      valuesOf(scenario, "cycles").map((cycles) => ({ slots, jobs, cycles })),
    ),
  );
}
