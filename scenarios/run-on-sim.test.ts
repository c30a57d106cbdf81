import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { InterruptedError, UsageError } from "../foundation/errors.ts";
import { type HistoryRecord, parseHistoryLine } from "../protocol/history.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { catalog } from "./catalog/catalog.ts";
import { runOptions } from "./config.ts";
import { runOnSim } from "./run-on-sim.ts";
import type { Scenario } from "./steps/scenario.ts";
import { defineStep } from "./houseguest.ts";
import type { Step } from "./steps/step.ts";

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "run-on-sim-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

function run(scenario: Scenario, seed = "one"): Promise<RunVerdict> {
  const options = runOptions(scenario, {}, seed);
  return runOnSim({ scenario, options, runs, reporters: [], reproduce: "again" });
}

const [first] = catalog as [Scenario];
/** A scenario with other steps or expectations than its catalogue has. */
const changed = (changes: Partial<Scenario>): Scenario => ({ ...first, ...changes });
const begin: Step[] = [
  { step: "start-broker" },
  { step: "join", agent: "donor", slots: 2 },
  { step: "submit", batch: "work", jobs: 4, units: 20, unitCpuMs: 10, children: 0 },
];

describe("runOnSim", () => {
  const here = catalog.filter(({ stages }) => stages.includes("sim"));

  it.each(here.map((scenario) => [scenario.name, scenario] as const))("%s passes unchanged", async (_, scenario) => {
    for (const seed of ["one", "two", "three"]) {
      const verdict = await run(scenario, seed);
      expect(verdict.error).toBeNull();
      expect(verdict.expectations.filter(({ result }) => result !== "pass")).toEqual([]);
      // That faults had an effect is expected wherever there are any.
      const judged = verdict.expectations.map(({ id }) => id).filter((id) => id !== "fault-effects");
      const wanted = scenario.expectations(scenario.defaults).map(({ checker }) => checker);
      expect(judged).toEqual(wanted.filter((checker) => checker !== "fault-effects"));
      expect(verdict).toMatchObject({ lifecycle: "pass", residue: null, stage: "sim", exitCode: 0 });
    }
  });

  it("leaves a run directory as a run on the host does", async () => {
    const verdict = await run(first);
    const directory = join(runs, verdict.run);
    expect(RunVerdict.parse(JSON.parse(readFileSync(join(directory, "verdict.json"), "utf8")))).toEqual(verdict);
    for (const own of ["verdict.json", "history.jsonl"]) {
      expect([own, statSync(join(directory, own)).mode & 0o777]).toEqual([own, 0o600]);
    }
    const lines = readFileSync(join(directory, "history.jsonl"), "utf8").trim().split("\n");
    const records = lines.map(parseHistoryLine);
    expect(records.filter((one) => "error" in one)).toEqual([]);
    const types = records.flatMap((one) => ("record" in one ? [one.record.type] : []));
    expect([types[0], types.at(-1)]).toEqual(["run.started", "run.ended"]);
    for (const seen of ["witness.frozen", "witness.resume", "witness.withdrawn", "witness.left", "agent.withdrawal"]) {
      expect(types).toContain(seen);
    }
  });

  it("says nothing of what it came to where its history cannot be written", async () => {
    const options = runOptions(first, {}, "one");
    let path = "";
    const reporter = {
      record(record: HistoryRecord) {
        if (record.type !== "run.started") return;
        path = join(runs, record.data.run);
        mkdirSync(join(path, "history.jsonl"));
      },
      end: () => expect.unreachable("nobody is told"),
      close: () => undefined,
    };
    const running = runOnSim({ scenario: first, options, runs, reporters: [reporter], reproduce: "again" });
    await expect(running).rejects.toThrow(
      expect.objectContaining({ code: "run-directory", message: expect.stringContaining("EISDIR") }),
    );
    expect(readdirSync(path).toSorted()).toEqual(["harness.json", "history.jsonl", "logs"]);
  });

  it("is determined by its seed", async () => {
    const digests = [];
    for (const seed of ["one", "one", "two"]) digests.push((await run(first, seed)).historyDigest);
    expect(digests[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it("gives every agent the slots that it joins with", async () => {
    const steps: Step[] = [...begin, { step: "await-busy", agent: "donor", sandboxes: 3, withinMs: 100 }];
    const verdict = await run(changed({ steps: () => steps }));
    expect(verdict).toMatchObject({ lifecycle: "fail", exitCode: 1 });
    expect(verdict.error).toContain("Waited 0.1 s in vain for 3 busy sandboxes. At the end 2 made progress");
  });

  it("fails in the words of the host stage when what a step waits for does not come in time", async () => {
    const steps: Step[] = [...begin, { step: "await-settled", batch: "work", withinMs: 200 }];
    const verdict = await run(changed({ steps: () => steps }));
    expect(verdict.error).toContain("Waited 0.2 s in vain for the end of 4 jobs.");
    expect(verdict).toMatchObject({ lifecycle: "fail", exitCode: 1 });
  });

  it("sees a key that is not revoked, and results that are not there", async () => {
    const steps: Step[] = [
      ...begin,
      { step: "use-revoked-key", agent: "donor" },
      { step: "verify-results", batch: "work" },
    ];
    const expectations = [{ checker: "key-revoked" }, { checker: "results-correct" }] as const;
    const verdict = await run(changed({ steps: () => steps, expectations: () => expectations }));
    expect(verdict.expectations.map(({ result }) => result)).toEqual(["fail", "unknown"]);
    expect(verdict.expectations[0]?.detail).toContain("was answered 409 fenced");
  });

  it("tries a revoked key with a heartbeat and with an enrolment", async () => {
    const steps: Step[] = [
      ...begin,
      { step: "withdraw", agent: "donor", deadlineMs: 10_000 },
      { step: "use-revoked-key", agent: "donor" },
    ];
    const expectations = [{ checker: "key-revoked" }] as const;
    const verdict = await run(changed({ steps: () => steps, expectations: () => expectations }));
    expect(verdict.expectations).toMatchObject([{ result: "pass", detail: "2 signed requests answered 401 revoked" }]);
  });

  it("refuses a step that needs a real host, before anything is done", async () => {
    const steps = [...begin, { step: "unplug" }] as unknown as Step[];
    const refused = run(changed({ steps: () => steps }));
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow('The step "unplug" does not exist in virtual time.');
    await expect(refused).rejects.toMatchObject({ next: expect.stringContaining("--stage host") });
    expect(readdirSync(runs)).toEqual([]);
  });

  it("tells its reporters nothing any more when it is over, of a step that was given up neither", async () => {
    const stopped = new AbortController();
    const outside = Promise.withResolvers<void>();
    const own = defineStep({
      name: "own",
      host: async () => undefined,
      sim: async () => {
        stopped.abort(new InterruptedError("Interrupted.", { code: "interrupted", next: "Run it again." }));
        await outside.promise;
      },
    });
    const told: string[] = [];
    const scenario = changed({ steps: () => [...begin, own()] });
    const verdict = await runOnSim({
      ...{ scenario, options: runOptions(scenario, {}, "one"), runs, reproduce: "again", signal: stopped.signal },
      reporters: [{ record: ({ type }) => void told.push(type), end: () => void told.push("end"), close: () => {} }],
    });
    expect(verdict.interrupted).toBe(true);
    outside.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.at(-1)).toBe("end");
  });

  it("touches no undo ledger, because there is nothing to undo", async () => {
    const verdict = await run(first);
    expect(existsSync(join(runs, verdict.run, "undo.jsonl"))).toBe(false);
    expect(verdict.cleanUp).toEqual({ result: "pass", notUndone: [] });
  });
});
