import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { parseXml } from "../reports/testing/parse-xml.ts";
import { catalog } from "./catalog/catalog.ts";
import { runProgram } from "./testing/run-program.ts";

const isOnSim = ({ stages }: (typeof catalog)[number]) => stages.includes("sim");
/** Those that run, and then those that are skipped. */
const names = [...catalog.filter(isOnSim), ...catalog.filter((one) => !isOnSim(one))].map(({ name }) => name);
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "run-reports-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe("the reports of several runs", () => {
  it("hold every run: one JUnit document, and a line of JSON each", async () => {
    const args = ["run", "all", "--stage", "sim", "--seed", "s", "--cycles", "3", "--reporter", "junit=all.xml"];
    const { exitCode } = await runProgram("scenarios", [...args, "--reporter", "json=all.jsonl"], { cwd: place });
    expect(exitCode).toBe(0);
    const root = parseXml(readFileSync(join(place, "all.xml"), "utf8"));
    expect(root.children.map(({ attributes }) => attributes["name"])).toEqual(names);
    const lines = readFileSync(join(place, "all.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => scenarioOf(line))).toEqual(names);
  });

  it.each([
    ["junit", (text: string) => parseXml(text).children.map(({ attributes }) => attributes["name"])],
    ["json", (text: string) => text.trim().split("\n").map(scenarioOf)],
  ])("hold every run on stdout: %s", async (reporter, namesIn) => {
    const args = ["run", "all", "--stage", "sim", "--seed", "s", "--cycles", "3", "--reporter", reporter];
    const { exitCode, stdout } = await runProgram("scenarios", args, { cwd: place });
    expect({ exitCode, names: namesIn(stdout) }).toEqual({ exitCode: 0, names });
  });
});

function scenarioOf(document: string): string {
  const { verdict, scenario = "" } = JSON.parse(document) as { verdict?: { scenario: string }; scenario?: string };
  return verdict?.scenario ?? scenario;
}
