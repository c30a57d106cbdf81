import { describe, expect, test } from "vitest";

import { agentStates } from "../../protocol/agent-states.ts";
import { agentInputs, brokerInputs } from "./coverage-inputs.ts";
import { Coverage, coverageSize, possibleCells, summarizeCoverage } from "./coverage.ts";
import { faultClasses } from "./world/active-faults.ts";

/** The one cell that was counted, as the summary names cells. */
function onlyCell(coverage: Coverage): object {
  const counted = possibleCells().filter(({ index }) => coverage.counts[index] !== 0);
  expect(counted).toHaveLength(1);
  return counted[0]?.cell as object;
}

describe("coverage", () => {
  test("names the very cell that was counted, for every input in every state under every fault", () => {
    for (const { cell } of possibleCells()) {
      if (cell.crash) continue;
      const coverage = new Coverage();
      const fault = faultClasses.indexOf(cell.fault);
      if (cell.actor === "broker") coverage.broker(cell.input as (typeof brokerInputs)[number], fault);
      else {
        const state = cell.state as (typeof agentStates)[number];
        coverage.agent(state, cell.input as (typeof agentInputs)[number], fault);
      }
      expect(onlyCell(coverage)).toEqual(cell);
    }
  });

  test("has each cell once, and has an index for every one", () => {
    const cells = possibleCells();
    expect(new Set(cells.map(({ cell }) => JSON.stringify(cell))).size).toBe(cells.length);
    expect(new Set(cells.map(({ index }) => index)).size).toBe(cells.length);
    expect(Math.max(...cells.map(({ index }) => index))).toBeLessThan(coverageSize);
    expect(coverageSize).toBe(
      (agentStates.length * agentInputs.length + brokerInputs.length) * faultClasses.length * 2,
    );
  });

  test("tells a crash of the input over which it came, under the faults of the crash, though others were taken since", () => {
    const coverage = new Coverage();
    const fatal = coverage.agent("Paused", "control", faultClasses.indexOf("none"));
    const harmless = coverage.broker("enrol", faultClasses.indexOf("broker"));
    coverage.crash(fatal, faultClasses.indexOf("host"));
    const crashed = possibleCells().filter(({ cell, index }) => cell.crash && coverage.counts[index] === 1);
    expect(crashed.map(({ cell }) => cell)).toEqual([
      { actor: "agent", state: "Paused", input: "control", fault: "host", crash: true },
    ]);
    expect([coverage.counts[fatal], coverage.counts[harmless]]).toEqual([1, 1]);
    coverage.crash(harmless, faultClasses.indexOf("several"));
    expect(summarizeCoverage(coverage.counts).surprising).toEqual([]);
  });

  test("adds up what was reached, what was not, and what was said to be out of reach", () => {
    const coverage = new Coverage();
    const { possible, covered, empty, surprising } = summarizeCoverage(coverage.counts);
    expect([covered, empty.length, surprising]).toEqual([0, possible, []]);
    coverage.broker("enrol", 0);
    coverage.broker("enrol", 0);
    coverage.agent("Withdrawn", "timer", 0);
    coverage.agent("Idle", "started", 0);
    const summary = summarizeCoverage(coverage.counts);
    expect(summary.covered).toBe(1);
    expect(summary.empty).toHaveLength(possible - 1);
    expect(summary.surprising.map(({ state, input }) => `${input} in ${state}`)).toEqual([
      "started in Idle",
      "timer in Withdrawn",
    ]);
  });

  test("expects word of a job's own end after it was ended, when its agent is Idle again", () => {
    const coverage = new Coverage();
    coverage.agent("Idle", "sandboxExited", 0);
    expect(summarizeCoverage(coverage.counts).surprising).toEqual([]);
  });

  test("expects no crash without a fault that kills", () => {
    const crashes = possibleCells().filter(({ cell }) => cell.crash);
    expect(new Set(crashes.map(({ cell }) => `${cell.actor} ${cell.fault}`))).toEqual(
      new Set(["agent host", "agent several", "broker broker", "broker several"]),
    );
  });
});
