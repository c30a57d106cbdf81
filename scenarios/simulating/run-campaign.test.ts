import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { renderLines } from "../../reports/text/line.ts";
import { shrink } from "../simulator/shrink/shrink.ts";
import { submit, toyPlan, type ToyRule, toySimulation } from "../simulator/shrink/testing/toy-simulation.ts";
import type { Campaign } from "./campaign.ts";
import { campaignJson } from "./campaign-json.ts";
import { LiveLine } from "./live-line.ts";
import { readPlan } from "./plan-file.ts";
import { runCampaign } from "./run-campaign.ts";
import { runBatch, type SeedBatch } from "./seed-batch.ts";
import { oneSeed, seedsFrom } from "./seed-source.ts";
import { compared } from "./simulation-pool.ts";
import type { ShrinkTask } from "./simulation-worker.ts";

let plans: string;
beforeEach(() => {
  plans = mkdtempSync(join(tmpdir(), "campaign-"));
});
afterEach(() => rmSync(plans, { recursive: true, force: true }));

/** Runs a campaign with toys in the place of the simulator and of the threads. */
async function campaignOf(rule: ToyRule, more: Partial<Campaign> = {}, interruptedAfter = Number.POSITIVE_INFINITY) {
  const campaign: Campaign = {
    source: seedsFrom("s", 12),
    wishes: { profile: "quick", agents: 5 },
    ...{ workers: 2, untilFailure: false, determinism: false, shrink: true, everyCell: false, plans },
    ...more,
  };
  const { simulate } = toySimulation(rule);
  const planFor = ({ seed }: { seed: string }) => ({ ...toyPlan([submit(500)], { idle: 10 }), seed });
  const interruption = new AbortController();
  let batches = 0;
  const pool = {
    async runSeeds(batch: SeedBatch) {
      batches += 1;
      if (batches > interruptedAfter) interruption.abort(new Error("Ctrl-C"));
      const once = runBatch(batch, { planFor, simulate });
      return campaign.determinism ? compared(once, runBatch(batch, { planFor, simulate })) : once;
    },
    async shrinkFailure({ plan, failure }: ShrinkTask) {
      const found = shrink({ plan, failure, simulate, budget: { runsMax: 500, giveUp: () => false } });
      return { plan: found.plan, failure: found.outcome.failure, runs: found.runs, tookMs: 12 };
    },
  };
  const told: string[] = [];
  const output = { write: (text: string) => told.push(text), columns: 100, color: false, live: false };
  let nowMs = 0;
  const end = await runCampaign(campaign, {
    ...{ pool, planFor, marks: ["seen", "never-seen"], columns: 100, signal: interruption.signal },
    summarizeCoverage: (counts) => ({ covered: counts.length, possible: 4, empty: [], surprising: [] }),
    tell: (lines) => output.write(renderLines(lines, output)),
    live: new LiveLine(output),
    now: () => (nowMs += 500),
  });
  return { campaign, end, text: told.join("") };
}

const pausesOn =
  (seed: string): ToyRule =>
  ({ seed: name, steps }) =>
    name === seed && steps.some((step) => step.do === "pause")
      ? { invariant: "no-intake", kind: "safety", atMs: 9_000, story: ["it took work while paused"] }
      : null;

describe("a campaign", () => {
  it("passes when no seed fails", async () => {
    const { campaign, end, text } = await campaignOf(() => null);
    expect(end.exitCode).toBe(0);
    expect(text).toContain("PASS  12 seeds, none failed");
    expect(text).toContain("Never hit never-seen");
    expect(campaignJson(campaign, end)).toMatchObject({
      seeds: { first: "s-0", last: "s-11", asked: 12, run: 12, failed: 0 },
      failures: [],
      exitCode: 0,
    });
    expect(readdirSync(plans)).toEqual([]);
  });

  it("shrinks a failure, writes its plan down, and says last how to run it again", async () => {
    const { campaign, end, text } = await campaignOf(pausesOn("s-7"));
    expect(end.exitCode).toBe(1);
    const file = join(plans, "no-intake-s-7.json");
    expect(text).toContain("FAIL  12 seeds, 1 failed");
    expect(text).toContain("it took work while paused");
    expect(text).toContain("Shrunk from 11 steps to 1 step (");
    expect(text.trimEnd().split("\n").at(-1)).toBe(`npx scenarios replay ${file}`);
    expect(readPlan(file)).toMatchObject({
      seed: "s-7",
      tape: [],
      steps: [{ do: "pause" }],
      shows: { invariant: "no-intake" },
    });
    const { failures } = campaignJson(campaign, end) as { failures: unknown[] };
    expect(failures).toMatchObject([
      { invariant: "no-intake", seed: "s-7", seeds: 1, plan: file, size: { steps: 1, choices: 0 } },
    ]);
  });

  it("writes the whole plan down when it is not to shrink", async () => {
    const { text } = await campaignOf(pausesOn("s-7"), { shrink: false });
    expect(readPlan(join(plans, "no-intake-s-7.json"))).toMatchObject({ tape: "seeded", steps: { length: 11 } });
    expect(text).toContain("npx scenarios simulate --seed s-7 --profile quick --agents 5\n");
  });

  it("runs every seed all the same, and tells each way of failing once", async () => {
    const odd: ToyRule = ({ seed }) =>
      /[13579]$/.test(seed)
        ? { invariant: seed === "s-3" ? "transitions" : "no-intake", kind: "safety", atMs: 1 }
        : null;
    const { end } = await campaignOf(odd);
    expect(end.result.tally).toMatchObject({ seeds: 12, failed: 6 });
    expect(end.failures.map(({ seed, count }) => [seed, count])).toEqual([
      ["s-1", 5],
      ["s-3", 1],
    ]);
  });

  it("goes on for ever, but for a failure", async () => {
    const source = seedsFrom("s", Number.POSITIVE_INFINITY);
    const { end, campaign } = await campaignOf(pausesOn("s-123"), { source, untilFailure: true });
    expect(campaignJson(campaign, end)).toMatchObject({
      seeds: { asked: null, run: 124, last: "s-123", failed: 1 },
      exitCode: 1,
    });
  });

  it("ends with 130 and what it has when it is interrupted", async () => {
    const source = seedsFrom("s", Number.POSITIVE_INFINITY);
    const { end, text } = await campaignOf(() => null, { source, untilFailure: true }, 9);
    expect(end.exitCode).toBe(130);
    expect(end.result.unfinished.length).toBeGreaterThan(0);
    expect(text).toMatch(/INTERRUPTED {2}after \d+ seeds, none of which failed/);
  });

  it("tells a seed that is not like itself, with the command that runs it twice", async () => {
    let runs = 0;
    const moody: ToyRule = ({ seed }) => {
      if (seed !== "odd one") return null;
      runs += 1;
      return runs % 2 === 0 ? { invariant: "no-intake", kind: "safety", atMs: 1 } : null;
    };
    const twice = { source: oneSeed("odd one"), determinism: true };
    const { end, text } = await campaignOf(moody, twice);
    expect(end.failures).toMatchObject([{ failure: { invariant: "determinism" }, plan: null }]);
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "npx scenarios simulate --seed 'odd one' --profile quick --agents 5 --determinism",
    );
    expect(end.exitCode).toBe(1);
  });

  it("does not write a plan down that does not fail when it is run again", async () => {
    let runs = 0;
    const once: ToyRule = ({ seed }) => {
      if (seed !== "s-2") return null;
      runs += 1;
      return runs === 1 ? { invariant: "no-intake", kind: "safety", atMs: 1 } : null;
    };
    const { end, text } = await campaignOf(once);
    expect(text).toContain("did not show when the same plan was run again");
    expect(end.failures[0]).toMatchObject({ plan: null, reproduce: expect.stringContaining("--determinism") });
    expect(readdirSync(plans)).toEqual([]);
  });
});
