import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { scenarioNamed } from "./catalog/catalog.ts";
import { runOptions } from "./config.ts";
import { readConfig } from "./loading/read-config.ts";
import type { ScenarioKnobs } from "./steps/scenario.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "config-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const file = (content: string) => {
  const path = join(place, "houseguest.config.json");
  writeFileSync(path, content);
  return path;
};
const broken = (next: string) =>
  expect.objectContaining({ code: "broken-config", exitCode: 64, next: expect.stringContaining(next) });

describe("readConfig", () => {
  it("names the file and the field that is wrong", async () => {
    await expect(readConfig(file('{"slots": 0, "sluts": 3}'))).rejects.toEqual(broken("--config"));
    await expect(readConfig(file('{"slots": 0}'))).rejects.toThrow(/houseguest.config.json.*slots/);
    await expect(readConfig(file("{"))).rejects.toThrow(/JSON/);
    await expect(readConfig(join(place, "missing.json"))).rejects.toThrow(/ENOENT/);
  });
  it("names the line, where the configuration is a program", async () => {
    const path = join(place, "scenarios.config.ts");
    writeFileSync(
      path,
      'export default {\n  stage: "sim",\n  timeot: "2m",\n  retries: -1,\n  timing: { leaseTTLMs: 1 },\n};\n',
    );
    const refused = readConfig(path);
    await expect(refused).rejects.toMatchObject({ code: "bad-file", exitCode: 64 });
    const lines = await refused.then(
      () => [],
      (error: Error) => error.message.split("\n"),
    );
    expect(lines.map((line) => line.slice(line.indexOf("scenarios.config.ts")))).toEqual([
      'scenarios.config.ts:3: the configuration has no field "timeot": did you mean "timeout"?',
      "scenarios.config.ts:4: retries: Too small: expected number to be >=0",
      'scenarios.config.ts:5: timing of the configuration has no field "leaseTTLMs": did you mean "leaseTtlMs"?',
    ]);
  });
  it.each(["timeout", "deadlineS"])(
    "refuses a %s for which no timer waits: the run would end at once",
    async (name) => {
      await expect(readConfig(file(`{"${name}": 2600000}`))).rejects.toMatchObject({ exitCode: 64 });
    },
  );
  it("takes what it knows", async () => {
    const { config } = await readConfig(file('{"agent": {"command": ["my-agent"]}, "slots": 3}'));
    expect(config).toEqual({ agent: { command: ["my-agent"] }, slots: 3 });
  });
});

describe("runOptions", () => {
  const scenario = scenarioNamed("withdraw-under-load");
  it("gives a run more time that is to do more than the scenario does by itself, unless that is told", () => {
    const deadlineS = (config: Parameters<typeof runOptions>[1]) => runOptions(scenario, config, "s").deadlineMs / 1000;
    expect(deadlineS({})).toBe(600);
    expect(deadlineS({ jobs: 1 })).toBe(600);
    expect(deadlineS({ jobs: scenario.defaults.jobs + 100 })).toBe(600 + 500);
    expect(deadlineS({ jobs: 500, deadlineS: 90 })).toBe(90);
  });
  it("gives it more time for more cycles where its steps ask for them, and never more than a day", () => {
    const deadlineS = (steps: (typeof scenario)["steps"], cycles: number) =>
      runOptions({ ...scenario, steps, defaults: { ...scenario.defaults, cycles: 2 } }, { cycles }, "s").deadlineMs /
      1000;
    const cyclic = ({ cycles }: ScenarioKnobs) => Array.from({ length: cycles }, () => ({ step: "submit" }) as never);
    expect(deadlineS(cyclic, 6)).toBe(1800);
    expect(deadlineS(cyclic, 1)).toBe(600);
    expect(deadlineS(cyclic, 10_000)).toBe(86_400);
    expect(deadlineS(({ slots }) => [{ step: "submit", jobs: slots } as never], 10_000)).toBe(600);
    // What is wrong with them is told where they are played.
    const broken = () => {
      throw new Error("no steps today");
    };
    expect(deadlineS(broken, 6)).toBe(600);
  });
  it("has Node collect without threads, and an agent's garbage in short turns", () => {
    const { agentCommand, brokerCommand } = runOptions(scenario, {}, "s");
    const [one, ...steady] = ["--single-threaded-gc", "--initial-old-space-size=64", "--max-semi-space-size=1"];
    expect(agentCommand).toEqual([process.execPath, one, ...steady, expect.stringMatching(/\/bin\/donor-agent\.mjs$/)]);
    expect(brokerCommand).toEqual([process.execPath, one, expect.stringMatching(/\/bin\/broker-sim\.mjs$/)]);
  });
  it("fills in the scenario's defaults and lets the configuration win", () => {
    expect(runOptions(scenario, {}, "s").knobs.jobs).toBeGreaterThanOrEqual(20);
    const options = runOptions(scenario, { jobs: 3, agent: { command: ["mine"] }, policy: "strict" }, "s");
    expect(options).toMatchObject({
      knobs: { jobs: 3, slots: 4 },
      agentCommand: ["mine"],
      policy: "strict",
      seed: "s",
    });
  });
  it("takes the digests of the files that are to be tested", () => {
    const path = join(place, "agent.tgz");
    writeFileSync(path, "abc");
    // FIPS 180-4, the example of one block.
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(runOptions(scenario, { artifacts: [path] }, "s").artifacts).toEqual([{ name: "agent.tgz", sha256 }]);
    expect(() => runOptions(scenario, { artifacts: [join(place, "none")] }, "s")).toThrow(
      expect.objectContaining({ code: "artifact", exitCode: 64 }),
    );
  });
  it("refuses times that are not mutually safe and names the pair", () => {
    expect(() => runOptions(scenario, { timing: { activityTimeoutMs: 10 } }, "s")).toThrow(
      /\n {2}one-late-heartbeat: activityTimeoutMs[^;]*heartbeatIntervalMs/,
    );
  });
});
