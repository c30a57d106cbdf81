import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createReporter } from "./create-reporter.ts";
import type { ReporterOutput } from "./reporter.ts";
import { memoryOutput } from "./testing/memory-output.ts";
import { runFixtures } from "./testing/run-fixtures.ts";
import { Terminal } from "./testing/terminal.ts";

const { history } = runFixtures.passing();

describe("in a pipe", () => {
  test("each phase and step is a line at its beginning and its end, without control codes", () => {
    const output = memoryOutput();
    const reporter = createReporter("line", output);
    for (const record of history) reporter.record(record);
    const lines = output.text().trimEnd().split("\n");
    expect(output.text()).not.toContain("\x1b");
    expect(lines[0]).toBe("run 20260131T101500-withdraw-under-load · scenario withdraw-under-load · seed 7e1d0c");
    expect(lines[1]).toContain("options jobs=24 slots=4 cycles=2");
    expect(lines).toContain("  1.93 s  step 1/7  start the broker");
    expect(lines).toContain("  2.11 s  step 1/7  done in 180 ms  http://127.0.0.1:40123, memory store");
    expect(lines).toContain("  1.93 s  phase baseline took 1.72 s");
    const edges = history.filter(({ type }) => ["run.phase", "step.begin", "step.end"].includes(type));
    expect(lines).toHaveLength(2 + edges.length);
  });

  test("the summary follows, and does not say again what ran", () => {
    const output = memoryOutput();
    const reporter = createReporter("line", output);
    for (const record of history) reporter.record(record);
    reporter.end(runFixtures.passing());
    expect(output.text().match(/scenario withdraw-under-load/g)).toHaveLength(1);
    expect(output.text()).toMatch(/look again .*\n$/);
  });

  test("steps that a step holds are told with their numbers, the first dozen of them and whatever failed", () => {
    const output = memoryOutput();
    const reporter = createReporter("line", output);
    const end = history.find(({ type }) => type === "step.end");
    for (let round = 1; round <= 40; round += 1) {
      const data = { index: 3, step: "pause", path: `4.${round}.1`, outcome: "done", detail: "" };
      reporter.record({ ...end, data } as never);
    }
    const failed = { index: 3, step: "pause", path: "4.41.1", outcome: "failed", detail: "no answer" };
    reporter.record({ ...end, data: failed } as never);
    const lines = output.text().trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    expect(lines[0]).toMatch(/step 4\.1\.1 {2}done/);
    expect(lines.at(-1)).toMatch(/step 4\.41\.1 {2}FAILED in \? {2}no answer/);
  });

  test("a step that does not apply to the agent says so", () => {
    const output = memoryOutput();
    const reporter = createReporter("line", output);
    const end = history.find(({ type }) => type === "step.end");
    const data = { index: 0, step: "pause", outcome: "not-applicable", detail: "guest has no pause" };
    reporter.record({ ...end, data } as never);
    expect(output.text()).toContain("step 1  not applicable in ?  guest has no pause");
  });

  test("a failed step says so", () => {
    const output = memoryOutput();
    const reporter = createReporter("line", output);
    const end = history.find(({ type }) => type === "step.end");
    reporter.record({ ...end, data: { index: 0, step: "join", outcome: "failed", detail: "no answer" } } as never);
    expect(output.text()).toContain("step 1  FAILED in ?  no answer");
  });
});

describe("on a terminal", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("the block is redrawn in its place below the lines that stay", () => {
    const { terminal, reporter } = live(100);
    follow(reporter, upTo("agent.checkpoint"));
    const lines = terminal.screen().split("\n");
    expect(lines.filter((line) => line.includes("withdraw-under-load  step"))).toHaveLength(1);
    expect(lines.slice(-4).map((line) => line.slice(2, 10).trim())).toEqual(["withdraw", "agent", "jobs", "last"]);
    expect(lines.at(-4)).toContain("step 5/7  guest pauses and resumes 2 times");
    expect(lines.at(-3)).toContain("Working for");
    expect(lines.at(-2)).toContain("12 queued · 4 leased · 8 completed");
    expect(lines.at(-1)).toContain("job-load-9 checkpointed in 21 ms");
    expect(lines.filter((line) => line.includes("✓ 1/7  start the broker"))).toHaveLength(1);
    reporter.close();
  });

  test("a run in virtual time is as old as its own clock says", () => {
    const { terminal, reporter } = live(100);
    const [began, ...later] = history.slice(0, upTo("agent.checkpoint"));
    if (began?.type !== "run.started") throw new Error("the history begins with its run");
    const options = { ...began.data.options, stage: "sim" };
    for (const record of [{ ...began, data: { ...began.data, options } }, ...later]) reporter.record(record);
    vi.advanceTimersByTime(200);
    const elapsedMs = Math.max(...later.map(({ at }) => at)) - began.at;
    expect(terminal.screen()).toContain(`${(elapsedMs / 1000).toFixed(1)} s`);
    reporter.close();
  });

  test("at the end nothing of the block is left: the lines that stay, a blank, and the summary", () => {
    const { terminal, reporter } = live(100);
    follow(reporter, history.length);
    reporter.end(runFixtures.passing());
    const screen = terminal.screen();
    expect(screen).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u);
    expect(screen).not.toContain("  last    ");
    expect(screen).toMatch(/verdict {2}40 ms\n\n PASS /);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a run that ends without a verdict takes the block away too, and no timer stays", () => {
    const { terminal, reporter } = live(100);
    follow(reporter, upTo("agent.checkpoint"));
    reporter.close();
    expect(terminal.screen()).not.toContain("  last    ");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a terminal made narrower in the middle keeps no part of an older block", () => {
    const { terminal, reporter, resize } = live(100);
    follow(reporter, upTo("agent.checkpoint"));
    resize(47);
    vi.advanceTimersByTime(200);
    const spinners = terminal.screen().match(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/gu);
    expect(spinners).toHaveLength(1);
    expect(terminal.screen().match(/ {2}last {4}/g)).toHaveLength(1);
    reporter.close();
    expect(terminal.screen()).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u);
  });

  test.for([100, 80, 60, 30])("no line of the block ever wraps at %d columns", (columns) => {
    const { terminal, reporter } = live(columns);
    follow(reporter, history.length);
    vi.advanceTimersByTime(200);
    expect(terminal.screen().split("\n").slice(-4)[0]).toMatch(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u);
    reporter.close();
  });

  test("many records at once draw no more often than the timer", () => {
    const { writes, reporter } = live(100);
    follow(reporter, upTo("agent.checkpoint"), 0);
    const before = writes();
    const [checkpoint] = history.filter(({ type }) => type === "agent.checkpoint");
    for (let count = 0; count < 1_000; count += 1) reporter.record(checkpoint as (typeof history)[number]);
    expect(writes()).toBe(before);
    vi.advanceTimersByTime(100);
    expect(writes()).toBe(before + 1);
    reporter.close();
  });
});

function live(columns: number) {
  const terminal = new Terminal(columns);
  let width = columns;
  let written = 0;
  const output: ReporterOutput = {
    color: false,
    live: true,
    get columns() {
      return width;
    },
    write(text) {
      written += 1;
      terminal.write(text);
    },
  };
  const resize = (narrower: number) => {
    width = narrower;
    terminal.resize(narrower);
  };
  return { terminal, reporter: createReporter("line", output), resize, writes: () => written };
}

function upTo(type: (typeof history)[number]["type"]): number {
  return history.findIndex((record) => record.type === type) + 1;
}

/** Hands over the first records, with the timer of the block running out after each. */
function follow(reporter: ReturnType<typeof createReporter>, count: number, msBetween = 100): void {
  for (const record of history.slice(0, count)) {
    reporter.record(record);
    vi.advanceTimersByTime(msBetween);
  }
}
