import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import type { SuiteRecord } from "../protocol/suite.ts";
import { scenarioSet } from "./loading/scenario-set.ts";
import { runProgram } from "./testing/run-program.ts";

const examples = resolve(import.meta.dirname, "examples");
const docs = resolve(import.meta.dirname, "../docs");

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "own-scenarios-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const mine = (name: string) => `import { defineScenario } from "houseguest";
export default defineScenario({
  name: "${name}",
  stages: ["sim"],
  steps: [{ step: "start-broker" }, { step: "join", agent: "donor", slots: 1 }],
  expectations: [{ checker: "transitions" }],
});
`;

describe("the documentation", () => {
  it("shows the files of scenarios/examples/, which are compiled and run with the rest", () => {
    const text = ["own-scenarios.md", "foreign-agents.md"]
      .map((name) => readFileSync(join(docs, name), "utf8"))
      .join("");
    const shown = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    const files = readdirSync(examples).map((name) => readFileSync(join(examples, name), "utf8"));
    expect(new Set(shown)).toEqual(new Set(files));
  });
});

describe("scenarios of a user's", () => {
  it("run where nothing is installed, as the document has them, side by side in threads", async () => {
    const cwd = join(place, "project", "scenarios");
    mkdirSync(cwd, { recursive: true });
    const files: string[] = [];
    for (const [, code = ""] of readFileSync(join(docs, "own-scenarios.md"), "utf8").matchAll(
      /```ts\n([\s\S]*?)```/g,
    )) {
      const name = /defineScenario\({\s+name: "(.+)"/.exec(code)?.[1];
      writeFileSync(join(cwd, name === undefined ? "scenarios.config.ts" : `${name}.ts`), code);
      if (name !== undefined) files.push(`${name}.ts`);
    }
    const args = ["run", ...files, "withdraw-twice", "--stage", "sim", "--seed", "s", "-j", "2", "--reporter", "json"];
    const { exitCode, stdout, stderr } = await runProgram("scenarios", args, { cwd });
    expect(stderr).toBe("");
    const verdicts = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { verdict: Verdict }).verdict);
    expect(exitCode).toBe(0);
    const by = new Map(verdicts.map((verdict) => [verdict.scenario, verdict]));
    expect([...by.keys()].toSorted()).toEqual(["owner-keeps-a-lock", "pause-while-jobs-come", "withdraw-twice"]);
    expect(by.get("pause-while-jobs-come")?.reproduce).toBe(`npx scenarios run ${files[0]} --seed s --stage sim`);
    // Where its configuration says.
    expect(readdirSync(join(place, ".scenarios"))).toContain("suite.json");
  });

  it("are found by a configuration above, whose settings hold where nothing else is said", async () => {
    mkdirSync(join(place, "mine", "deep"), { recursive: true });
    for (const name of ["one", "two"]) writeFileSync(join(place, "mine", `${name}.scenario.ts`), mine(name));
    const config = '{ scenarios: "mine/*.scenario.ts", stage: "sim", output: "out", reporter: "list", grep: "^one" }';
    writeFileSync(join(place, "scenarios.config.ts"), `export default ${config};\n`);
    const cwd = join(place, "mine", "deep");
    const { stdout, stderr, exitCode } = await runProgram("scenarios", ["list", "--json"], { cwd });
    expect((jsonOf({ stdout, stderr, exitCode }) as { name: string }[]).map(({ name }) => name).slice(-2)).toEqual([
      "one",
      "two",
    ]);
    expect((await runProgram("scenarios", ["run", "--seed", "s"], { cwd })).exitCode).toBe(0);
    const ran = () => JSON.parse(readFileSync(join(place, "out", "suite.json"), "utf8")) as SuiteRecord;
    expect(ran().entries.map(({ scenario, outcome }) => [scenario, outcome])).toEqual([["one", "passed"]]);
    const { stdout: judged } = await runProgram("scenarios", ["recheck", "latest", "--runs", "../../out"], { cwd });
    expect(judged).toContain("judged as before");
  });

  it("are played by a Node whose collector has no threads, which would keep agents from their processors", async () => {
    writeFileSync(join(place, "flags.ts"), `console.error(process.execArgv.join(" "));\n${mine("flags")}`);
    const played = await runProgram("scenarios", ["run", "./flags.ts", "--stage", "sim", "--dry-run"], { cwd: place });
    expect(played).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("--single-threaded-gc") });
  });

  it("are listed beside one that cannot be used, which holds up nobody who names others", async () => {
    writeFileSync(join(place, "scenarios.config.ts"), 'export default { scenarios: "*.scenario.ts" };');
    writeFileSync(join(place, "bad.scenario.ts"), "export default 3;");
    writeFileSync(join(place, "good.scenario.ts"), mine("good"));
    const inPlace = (...args: string[]) => runProgram("scenarios", args, { cwd: place });
    const says = expect.stringContaining("Left out, because it cannot be used: bad.scenario.ts:1: its default export");
    const [list, run, all, nothing] = await Promise.all([
      inPlace("list"),
      inPlace("run", "good", "--stage", "sim", "--dry-run"),
      inPlace("run", "go*", "--stage", "sim", "--dry-run"),
      inPlace("list", "--grep", "no-such"),
    ]);
    expect(list).toMatchObject({ exitCode: 64, stdout: expect.stringContaining("\ngood\n"), stderr: says });
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("1  good"), stderr: says });
    expect(all).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining("bad.scenario.ts:1: its default export"),
    });
    expect(nothing).toMatchObject({ exitCode: 64, stdout: "", stderr: expect.stringContaining("Nothing matches.") });
    writeFileSync(join(place, "scenarios.config.ts"), "export default 3;");
    const broken = await inPlace("list");
    expect(broken).toMatchObject({ exitCode: 64, stdout: expect.stringContaining("withdraw-under-load") });
    expect(broken.stderr).toContain("scenarios.config.ts:1: its default export is no configuration");
  });

  it("are no pass where they end the program themselves, or wait at their top for what never comes", async () => {
    writeFileSync(join(place, "ends.mjs"), "process.exit(0);");
    writeFileSync(join(place, "waits.mjs"), "await new Promise(() => {});");
    const show = (file: string) => runProgram("scenarios", ["show", file], { cwd: place });
    const [ends, waits] = await Promise.all([show("ends.mjs"), show("waits.mjs")]);
    expect(ends).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("called process.exit()") });
    expect(waits).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("for what can never come") });
  });

  it("do not hang where one waits at its top for ever, with something that keeps the process", async () => {
    const file = join(place, "hangs.mjs");
    writeFileSync(file, "setInterval(() => {}, 1000); await new Promise(() => {});");
    const program = `
      import { importFile } from ${JSON.stringify(join(import.meta.dirname, "loading", "import-file.ts"))};
      const error = await importFile(${JSON.stringify(file)}, 10).catch((error) => error);
      process.exit(error.message.includes("hangs.mjs: it still waits at its top") ? error.exitCode : 70);`;
    const { exitCode } = await execa(process.execPath, ["--input-type=module-typescript", "-e", program], {
      reject: false,
    });
    expect(exitCode).toBe(2);
  });

  it("are refused with 64 where two share a name", async () => {
    const plain = `export default { definition: { name: "withdraw-twice", steps: [], expectations: [] } };`;
    writeFileSync(join(place, "a.ts"), plain);
    const set = scenarioSet({ globs: ["*.ts"], folder: place, whole: false });
    await expect(set).rejects.toThrow(/a\.ts: the catalogue has a scenario "withdraw-twice" already/);
    await expect(set).rejects.toMatchObject({ code: "same-name", exitCode: 64 });
  });
});

interface Verdict {
  readonly scenario: string;
  readonly reproduce: string;
}
