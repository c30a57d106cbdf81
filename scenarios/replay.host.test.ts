import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { parseHistoryLine } from "../protocol/history.ts";
import { defaultTiming } from "../protocol/timing.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { briskTiming } from "./catalog/brisk-timing.ts";
import { JobBehaviour, Plan, type PlanStep } from "./simulator/plan/plan.ts";
import { runProgram } from "./testing/run-program.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "replay-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const times = {
  safetyMs: 10_000,
  livenessMs: 30_000,
  joinWithinMs: 0,
  latencyMsMin: 1,
  latencyMsMax: 5,
  clockSkewMs: 0,
};
const kill = { afterEffects: 0, edge: "after" } as const;
const work = JobBehaviour.parse({ units: 20, unitMs: 15, children: 1 });
const steps: PlanStep[] = [
  { atMs: 0, do: "submit", jobs: 4, behaviour: work },
  { atMs: 500, do: "pause", agent: 0 },
  { atMs: 600, do: "kill-agent", agent: 1, downMs: 200, ...kill },
  { atMs: 900, do: "resume", agent: 0 },
  { atMs: 1_000, do: "stall-agent", agent: 0, forMs: 200 },
  { atMs: 1_100, do: "kill-broker", downMs: 200, ...kill },
  { atMs: 2_500, do: "withdraw", agent: 1, deadlineMs: 5_000 },
  { atMs: 2_600, do: "withdraw", agent: 0, deadlineMs: 5_000 },
  // Nobody is left to do it: somebody else has to come.
  { atMs: 2_700, do: "submit", jobs: 1, behaviour: work },
];

async function replay(steps: readonly PlanStep[]) {
  const timing = { ...defaultTiming, ...briskTiming };
  const options = { agents: 2, slots: 2, timing, ...times, encoding: "objects" as const };
  const plan = Plan.parse({ version: 1, seed: "small", profile: "quick", options, steps, tape: [] });
  writeFileSync(join(place, "plan.json"), JSON.stringify(plan));
  const args = ["replay", join(place, "plan.json"), "--stage", "host", "--runs", join(place, "runs"), "--json"];
  return await runProgram("scenarios", args);
}

/** What a clean run comes to for this user: everything seen as root, only part of the host otherwise. */
const residueHere = process.getuid?.() === 0 ? "clean" : "partial";

describe("scenarios replay --stage host", () => {
  it("does to real processes what the plan says, and they keep every property", async () => {
    const { exitCode, stdout, stderr } = await replay(steps);
    if (stdout === "") throw new Error(`nothing was told: ${stderr}`);
    const told = jsonOf({ stdout, stderr, exitCode }) as { failure: unknown; figures: { run: string } };
    const directory = join(place, "runs", told.figures.run);
    const verdict = RunVerdict.parse(JSON.parse(readFileSync(join(directory, "verdict.json"), "utf8")));
    expect(verdict.error).toBeNull();
    expect(verdict.expectations.filter(({ result }) => result !== "pass")).toEqual([]);
    expect(verdict.expectations.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "lease-exclusivity",
        "transitions",
        "pause-silence",
        "withdraw-complete",
        "results-correct",
      ]),
    );
    const lines = readFileSync(join(directory, "history.jsonl"), "utf8").trim().split("\n").map(parseHistoryLine);
    const records = lines.flatMap((line) => ("record" in line ? [line.record] : []));
    expect(records).toHaveLength(lines.length);
    const applied = records.flatMap((one) => (one.type === "fault.applied" ? [one.data.fault] : []));
    const undone = records.flatMap((one) => (one.type === "fault.undone" ? [one.data.fault] : []));
    expect(applied).toEqual(["kill-agent", "stall-agent", "kill-broker"]);
    expect(undone.sort()).toEqual(applied.sort());
    const started = (type: string) => records.filter((one) => one.type === type).length;
    expect({ agents: started("agent.started"), brokers: started("broker.started") }).toEqual({ agents: 4, brokers: 2 });
    expect(records.some((one) => one.type === "agent.state" && one.data.to === "Paused")).toBe(true);
    expect(verdict.residue?.findings).toEqual([]);
    expect({
      exitCode,
      residue: verdict.residue?.verdict,
      failure: told.failure,
      cleanUp: verdict.cleanUp.result,
    }).toEqual({ exitCode: 0, residue: residueHere, failure: null, cleanUp: "pass" });
  });

  it.skipIf(process.env["HOUSEGUEST_REPLAYS"] !== "all")(
    "drains the broker, whose agents leave and come back, until its process is ended and started anew (half a minute: skipped but in the night, HOUSEGUEST_REPLAYS=all)",
    async () => {
      const { stdout, stderr, exitCode } = await replay([
        // So long that they run when the drain begins, whatever else this machine does; then nobody waits for their
        // end.
        { atMs: 0, do: "submit", jobs: 2, behaviour: { ...work, units: 500 } },
        { atMs: 1_000, do: "drain", forMs: 8_000, downMs: 200 },
        { atMs: 2_000, do: "submit", jobs: 1, behaviour: { ...work, units: 3 } },
        { atMs: 12_000, do: "cancel", job: 0 },
        { atMs: 12_000, do: "cancel", job: 1 },
      ]);
      if (stdout === "") throw new Error(`nothing was told: ${stderr}`);
      const told = jsonOf({ stdout, stderr, exitCode }) as { figures: { run: string } };
      const directory = join(place, "runs", told.figures.run);
      const verdict = RunVerdict.parse(JSON.parse(readFileSync(join(directory, "verdict.json"), "utf8")));
      expect(verdict.error).toBeNull();
      expect(verdict.expectations.filter(({ result }) => result === "fail")).toEqual([]);
      expect(verdict.expectations.find(({ id }) => id === "drained-rests")?.result).toBe("pass");
      const lines = readFileSync(join(directory, "history.jsonl"), "utf8").trim().split("\n").map(parseHistoryLine);
      const records = lines.flatMap((line) => ("record" in line ? [line.record] : []));
      const drained = records.findIndex(({ type }) => type === "broker.drained");
      const anew = records.findLastIndex(({ type }) => type === "broker.started");
      const between = records.slice(drained, anew).map(({ type }) => type);
      expect(between).toEqual(expect.arrayContaining(["agent.shutdown", "broker.released"]));
      expect(between).not.toContain("broker.offered");
      // Started again by their hosts, and sent away again.
      expect(between.filter((type) => type === "agent.shutdown").length).toBeGreaterThanOrEqual(4);
      expect(records.slice(anew).map(({ type }) => type)).toContain("broker.offered");
      expect(verdict.cleanUp.result).toBe("pass");
    },
  );

  it("refuses what real processes cannot do, before anything is done", async () => {
    const crash: PlanStep = { atMs: 100, do: "crash-host", agent: 0, downMs: 100 };
    const { exitCode, stderr } = await replay([...steps, crash]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("crash-host at 0.10 s");
    expect(stderr).toContain("--stage sim");
  });
});
