import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { ResidueReport } from "../../protocol/residue-report.ts";
import { NeverBegan } from "./never-began.ts";
import { type EntryResult, runEntries } from "./run-entries.ts";

const codes = fc.constantFrom(...Object.values(ExitCode));
/** What an entry ends with, attempt after attempt; the last one for ever. */
const scripts = fc.array(fc.array(codes, { minLength: 1, maxLength: 4 }), { maxLength: 12 });

interface Played {
  readonly results: readonly EntryResult[];
  /** Index and attempt of each run, in the order in which they began. */
  readonly began: readonly (readonly [number, number])[];
  readonly atOnceMax: number;
}

/** What the runs come to besides their exit codes. */
interface Seen {
  readonly interruptedAt: number;
  readonly stage: "host" | "sim";
  readonly findings: number;
}

function residueOf(findings: number): ResidueReport {
  return {
    ...{ version: 1, verdict: findings === 0 ? "clean" : "residue", policy: "ci", summary: "" },
    ...{ baselineAt: 0, afterAt: 0, readings: 1, surfaces: [], excused: [] },
    findings: Array.from({ length: findings }, (_, index) => ({
      ...{ id: `files:/left/${index}`, surface: "files", change: "appeared", subject: "file", location: "/left" },
      ...{ owner: null, before: null, after: null, changed: [], attribution: { to: "agent", evidence: [] }, show: "" },
    })),
  };
}

async function play(
  script: readonly (readonly number[])[],
  options: Partial<{ workers: number; retries: number; failuresMax: number; signal: AbortSignal }> = {},
  { interruptedAt, stage = "host", findings = 0 }: Partial<Seen> = {},
): Promise<Played> {
  const began: [number, number][] = [];
  let running = 0;
  let atOnceMax = 0;
  const results = await runEntries({
    ...{
      entries: script.map((_, index) => index),
      workers: 1,
      retries: 0,
      failuresMax: null,
      signal: new AbortController().signal,
    },
    ...options,
    async run(index, earlier) {
      const attempt = earlier.length + 1;
      expect(earlier).toEqual(Array.from({ length: earlier.length }, (_, before) => `${index}-${before + 1}`));
      began.push([index, attempt]);
      running += 1;
      atOnceMax = Math.max(atOnceMax, running);
      // As many turns as the entry's number, so that those at once overtake each other.
      for (let turn = 0; turn <= index % 3; turn += 1) await Promise.resolve();
      running -= 1;
      const exitCode = script[index]?.[Math.min(attempt, script[index].length) - 1] ?? 0;
      const interrupted = exitCode === ExitCode.interrupted || index === interruptedAt;
      const seen = { stage, residue: residueOf(findings) };
      return { run: `${index}-${attempt}`, ...seen, exitCode, startedAt: 0, endedAt: 5, interrupted };
    },
    onEntry: () => undefined,
  });
  return { results, began, atOnceMax };
}

describe("runEntries", () => {
  test.prop([scripts, fc.integer({ min: 1, max: 5 })])(
    "runs each once and in order where nothing is retried, so many at once and never more",
    async (drawn, workers) => {
      const script = drawn.map(([code]) => [code === ExitCode.interrupted ? ExitCode.fail : (code as number)]);
      const { results, began, atOnceMax } = await play(script, { workers });
      expect(began).toEqual(script.map((_, index) => [index, 1]));
      expect(results.map(({ attempts }) => attempts.map(({ exitCode }) => exitCode))).toEqual(script);
      expect(atOnceMax).toBe(Math.min(workers, script.length));
    },
  );

  test.prop([scripts, fc.integer({ min: 0, max: 3 })])(
    "retries what failed or is unknown and nothing else, and calls it flaky when it passes then",
    async (script, retries) => {
      const { results } = await play(script, { retries });
      for (const { outcome, attempts } of results) {
        const exitCodes = attempts.map(({ exitCode }) => exitCode);
        for (const code of exitCodes.slice(0, -1)) expect([ExitCode.fail, ExitCode.unknown]).toContain(code);
        expect(exitCodes.length).toBeLessThanOrEqual(retries + 1);
        if (outcome === "flaky") expect([exitCodes.length > 1, exitCodes.at(-1)]).toEqual([true, ExitCode.pass]);
        if (outcome === "passed") expect(exitCodes).toEqual([ExitCode.pass]);
        if (outcome === "failed") expect([exitCodes.length, exitCodes.at(-1)]).toEqual([retries + 1, ExitCode.fail]);
      }
    },
  );

  test("does not retry what left something on this host, which the next baseline would hold", async () => {
    const left = { findings: 1 };
    const { began, results } = await play([[1, 0], [0]], { retries: 2 }, left);
    expect(began).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["failed", "passed"]);
    const modelled = await play([[1, 0]], { retries: 2 }, { ...left, stage: "sim" });
    expect(modelled.results.map(({ outcome }) => outcome)).toEqual(["flaky"]);
  });

  test("stops after so many failures; what is flaky is none", async () => {
    const script = [[1, 0], [1], [0], [2], [0]];
    const { results } = await play(script, { retries: 1, failuresMax: 2 });
    expect(results.map(({ outcome }) => outcome)).toEqual(["flaky", "failed", "passed", "unknown", "not-run"]);
  });

  test("begins nothing more after an interruption", async () => {
    const { results } = await play([[0], [130], [0]], { retries: 2 });
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "interrupted", "not-run"]);
  });

  test("begins nothing more, and retries nothing, after one that was interrupted and left something", async () => {
    const { results } = await play([[0], [3], [0]], { retries: 2 }, { interruptedAt: 1 });
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "not-undone", "not-run"]);
    expect((await play([[1], [0]], { retries: 2 }, { interruptedAt: 0 })).began).toEqual([[0, 1]]);
  });

  test("begins nothing when it is told to stop before", async () => {
    const { began, results } = await play([[0], [0]], { signal: AbortSignal.abort() });
    expect([began, results.map(({ outcome }) => outcome)]).toEqual([[], ["not-run", "not-run"]]);
  });

  test("an error of a run is thrown after what is under way has ended", async () => {
    const ended: number[] = [];
    const running = runEntries({
      ...{
        entries: [0, 1, 2],
        workers: 2,
        retries: 0,
        failuresMax: null,
        signal: new AbortController().signal,
        onEntry: () => undefined,
      },
      async run(index) {
        if (index === 0) throw new Error("a bug");
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        ended.push(index);
        return { run: "", stage: "sim", residue: null, exitCode: 0, startedAt: 0, endedAt: 0, interrupted: false };
      },
    });
    await expect(running).rejects.toThrow("a bug");
    expect(ended).toEqual([1]);
  });
});

describe("an entry that is broken off before it began", () => {
  test("is interrupted, with what was known of it before, and nothing follows", async () => {
    const play = async (codesBefore: readonly number[]) => {
      const left = [...codesBefore];
      const [first, second] = await runEntries({
        ...{ entries: [0, 1], workers: 1, retries: 1, failuresMax: null, signal: new AbortController().signal },
        onEntry: () => undefined,
        run: async () => {
          const exitCode = left.shift();
          if (exitCode === undefined) throw new NeverBegan("one");
          return { run: "r", stage: "sim", residue: null, exitCode, startedAt: 0, endedAt: 0, interrupted: false };
        },
      });
      expect(second?.outcome).toBe("not-run");
      return first;
    };
    expect(await play([])).toEqual({ outcome: "not-run", attempts: [], interrupted: true });
    expect(await play([ExitCode.fail])).toMatchObject({ outcome: "failed", interrupted: true });
  });
});

describe("an entry that this machine cannot run", () => {
  const why = { why: "no", remedy: "yes" };

  test("is not run, is no failure that ends the others, and is told with its reason", async () => {
    const ran: number[] = [];
    const results = await runEntries({
      ...{ entries: [0, 1, 2], workers: 1, retries: 2, failuresMax: 1, signal: new AbortController().signal },
      skip: (index) => (index === 1 ? why : null),
      async run(index) {
        ran.push(index);
        const times = { startedAt: 0, endedAt: 0 };
        return { ...times, run: "r", stage: "host", residue: null, exitCode: ExitCode.pass, interrupted: false };
      },
      onEntry: () => undefined,
    });
    expect(ran).toEqual([0, 2]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", "skipped", "passed"]);
    expect(results[1]).toEqual({ outcome: "skipped", attempts: [], interrupted: false, skipped: why });
  });
});

describe("an entry that must be alone", () => {
  test.prop([fc.array(fc.boolean(), { maxLength: 12 }), fc.integer({ min: 1, max: 5 })])(
    "runs beside nothing, and the others beside each other, all in their order",
    async (alone, workers) => {
      const began: number[] = [];
      const under = new Set<number>();
      const beside: number[] = [];
      await runEntries({
        ...{ entries: alone.map((_, index) => index), workers, retries: 0, failuresMax: null },
        signal: new AbortController().signal,
        alone: (index) => alone[index] === true,
        async run(index) {
          began.push(index);
          under.add(index);
          if (under.size > 1) beside.push(...under);
          for (let turn = 0; turn <= (index * 7) % 4; turn += 1) await Promise.resolve();
          under.delete(index);
          const times = { startedAt: 0, endedAt: 0 };
          return { ...times, run: "r", stage: "host", residue: null, exitCode: ExitCode.pass, interrupted: false };
        },
        onEntry: () => undefined,
      });
      expect(began).toEqual(alone.map((_, index) => index));
      expect(beside.filter((index) => alone[index])).toEqual([]);
    },
  );
});
