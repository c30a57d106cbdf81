import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { SuiteRecord } from "../protocol/suite.ts";
import { runProgram } from "./testing/run-program.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "unheard-errors-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** A scenario of that name, in a file of its own, whose last step does this; `top` is done when the file is loaded. */
function given(name: string, doing: string, top = ""): string {
  const source = `import { defineScenario, defineStep } from "houseguest";
${top}
const own = defineStep({ name: "${name}-step", host: async () => {}, sim: async () => { ${doing} } });
export default defineScenario({
  name: "${name}",
  stages: ["sim"],
  steps: [{ step: "start-broker" }, { step: "join", agent: "donor", slots: 1 }, own(undefined)],
  expectations: [{ checker: "transitions" }],
});
`;
  writeFileSync(join(place, `${name}.ts`), source);
  return `${name}.ts`;
}

async function run(files: readonly string[], ...args: string[]) {
  const ended = await runProgram("scenarios", ["run", ...files, "--stage", "sim", "--output", "out", ...args], {
    cwd: place,
  });
  const { entries } = JSON.parse(readFileSync(join(place, "out", "suite.json"), "utf8")) as SuiteRecord;
  return { ...ended, outcomes: entries.map(({ scenario, outcome }) => `${scenario} ${outcome}`) };
}

function verdictOf(name: string): unknown {
  const run = readdirSync(join(place, "out")).find((one) => one.endsWith(`-${name}`)) ?? "none";
  return JSON.parse(readFileSync(join(place, "out", run, "verdict.json"), "utf8"));
}

const waits = "await new Promise((resolve) => setImmediate(resolve));";

describe("an error for which nobody waits", () => {
  it("fails the run whose last step left it, in a thread too, where one that ends its thread is unknown and the others go on", async () => {
    const last = given("last", 'void Promise.reject(new Error("left alone"));');
    const ends = given("ends", "process.exit(0);");
    // Thrown in the harness's own code, whether its programs are the sources or what the tests put together of them.
    const bug = given("bug", "setImmediate(() => defineStep(null)); await new Promise(() => {});");
    const { outcomes, exitCode, stderr } = await run([last, ends, bug, given("good", "")], "-j", "2");
    expect(outcomes).toEqual(["last failed", "ends unknown", "bug harness-bug", "good passed"]);
    expect(stderr).toContain("ends ended before it was done: something called process.exit().");
    expect(exitCode).toBe(70);
  });

  it("is no fault of the next run, and no pass of the command", async () => {
    // It fails when the other one says so, for which that one then waits.
    const late = given(
      "late",
      'void (async () => { await new Promise((go) => { globalThis.go = go; }); throw new Error("too late"); })();',
    );
    const victim = given("victim", `globalThis.go(); ${waits} ${waits}`);
    const { outcomes, exitCode, stderr } = await run([late, victim]);
    expect(outcomes).toEqual(["late passed", "victim passed"]);
    // Whoever asks for the run later hears of it.
    expect(verdictOf("late")).toMatchObject({
      ...{ exitCode: 2, lifecycle: "unknown" },
      error: expect.stringContaining("too late"),
    });
    expect(verdictOf("victim")).toMatchObject({ exitCode: 0, lifecycle: "pass", error: null });
    expect(stderr).toContain("Of the run of late: Something failed for which nobody waited: too late");
    expect(exitCode).toBe(2);
  });
});

describe("an error that comes when a run is judged in a thread", () => {
  it("is no pass of the command", async () => {
    const judged = given("judged", "globalThis.ran = true;");
    const source = readFileSync(join(place, judged), "utf8");
    const rejecting =
      '() => { if (globalThis.ran) void Promise.reject(new Error("judging")); return [{ checker: "transitions" }]; }';
    writeFileSync(
      join(place, judged),
      source.replace('[{ checker: "transitions" }]', () => rejecting),
    );
    const { exitCode, stderr } = await run([judged, given("good", "")], "-j", "2");
    expect(stderr).toContain("Of the run of judged: Something failed for which nobody waited: judging");
    expect(verdictOf("judged")).toMatchObject({ exitCode: 2, error: expect.stringContaining("judging") });
    expect(exitCode).toBe(2);
  });
});

describe("a failed run", () => {
  it.each([
    ["before it ends", 'process.on("beforeExit", () => process.exit(0));'],
    ["as it ends", 'process.on("exit", () => process.exit(0));'],
    ["by its code", 'process.on("exit", () => { process.exitCode = 0; });'],
  ])("remains one where a file ends the program with 0, %s", async (_, top) => {
    const broken = given("broken", 'throw new Error("it is broken");', top);
    const { outcomes, exitCode } = await run([broken]);
    expect(outcomes).toEqual(["broken failed"]);
    expect(exitCode).toBe(1);
  });
});
