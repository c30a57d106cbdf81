import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { makeKeys } from "./testing/attested-release.ts";

/** From real runs in virtual time to a verified attestation, by the programs alone. */

const scenario = "join-work-pause-resume-withdraw";
let home = "";
let runs: string[] = [];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "houseguest-gate-cli-"));
  writeFileSync(join(home, "agent.tgz"), "what is released");
  writeFileSync(join(home, "houseguest.config.json"), JSON.stringify({ artifacts: ["agent.tgz"] }));
  for (const seed of ["one", "two"]) {
    const { exitCode } = await program("scenarios", ["run", scenario, "--stage", "sim", "--seed", seed]);
    expect(exitCode).toBe(0);
  }
  runs = readdirSync(join(home, ".scenarios")).filter((name) => name.endsWith(scenario) || name.endsWith("-2"));
  expect(runs).toHaveLength(2);
  writeFileSync(
    join(home, "release.yaml"),
    `version: 1\nscenarios:\n  - scenario: ${scenario}\n    stages: [sim]\n    repeats: 2\n`,
  );
  writeFileSync(join(home, "strict.yaml"), readFileSync(join(home, "release.yaml"), "utf8").replace("2\n", "3\n"));
  makeKeys(home, "ecdsa-p256");
});
afterAll(() => rmSync(home, { recursive: true }));

describe("reports gate", () => {
  test("passes with a table that fits into 80 columns", async () => {
    const { stdout, stderr, exitCode } = await reports("gate", "--policy", "release.yaml", "--all");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^ PASS {3}all 7 checks passed · 2 runs · release\.yaml\n/);
    expect(stdout.split("\n").filter((line) => Array.from(line).length > 80)).toEqual([]);
  });

  test("names what blocks and what tells more, and ends with 1", async () => {
    const { stdout, exitCode } = await reports("gate", "--policy", "strict.yaml", ...runs);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`✗ scenario  ${scenario} · sim\n`);
    expect(stdout).toContain("2 of 2 runs can be counted, 3 must");
  });

  test("judges the history again: what stands in it as judged is believed as little as a verdict", async () => {
    const forged = join(home, "forged");
    cpSync(join(home, ".scenarios", runs[0] as string), join(forged, runs[0] as string), { recursive: true });
    const path = join(forged, runs[0] as string, "history.jsonl");
    const text = readFileSync(path, "utf8");
    // Somebody was let in with a key that is revoked.
    writeFileSync(path, text.replace(/("type":"witness.revoked-key".*?"status":)\d+/, "$1200"));
    expect(readFileSync(path, "utf8")).not.toBe(text);
    const { stdout, exitCode } = await reports(
      "gate",
      "--policy",
      "release.yaml",
      path.slice(0, path.lastIndexOf("/")),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/✗ judged .*\n +key-revoked was judged pass, and is fail/);
  });

  test("blocks a run that was smaller than its scenario", async () => {
    const small = await program("scenarios", [
      "run",
      scenario,
      "--stage",
      "sim",
      "--seed",
      "three",
      "--jobs",
      "1",
      "--output",
      "small",
    ]);
    expect(small.exitCode).toBe(0);
    const { stdout, exitCode } = await reports("gate", "--policy", "release.yaml", "--all", "--root", "small");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/✗ size .*\n +it ran with jobs 1, and the scenario has \d+/);
  });

  test("with --json says the same to programs", async () => {
    const { stdout, exitCode, stderr } = await reports("gate", "--policy", "strict.yaml", "--json", "--all");
    expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject({
      version: 1,
      result: "fail",
      exitCode: 1,
      policy: { path: "strict.yaml" },
    });
    expect(exitCode).toBe(1);
  });

  test("takes a run after an artifact for a run", async () => {
    const { stdout, stderr, exitCode } = await reports(
      "gate",
      "--policy",
      "strict.yaml",
      "--artifact",
      "agent.tgz",
      ...runs,
      "--json",
    );
    expect((jsonOf({ stdout, stderr, exitCode }) as { runs: unknown[] }).runs).toHaveLength(2);
  });

  test("ends with 2 where something could not be told", async () => {
    const policy = `${readFileSync(join(home, "release.yaml"), "utf8")}latencies:\n  - latency: withdrawal\n    p99MsMax: 9\n`;
    writeFileSync(join(home, "timed.yaml"), policy);
    expect((await reports("gate", "--policy", "timed.yaml", "--all")).exitCode).toBe(2);
  });

  test.for([
    [
      "a policy with a wrong key",
      ["--policy", "wrong.yaml", "--all"],
      /^The policy cannot be used\.\nwrong\.yaml:5:5: there is no repeat here; did you mean repeats\?\ndocs\/release-gate\.md/,
    ],
    ["no runs", ["--policy", "release.yaml"], /^Which runs\? Name runs, or all of a folder with --all/],
    [
      "a run that is not there",
      ["--policy", "release.yaml", "20261231T000000-x"],
      /^There is no run "20261231T000000-x"/,
    ],
  ] as const)("refuses %s with 64", async ([, argv, message]) => {
    writeFileSync(
      join(home, "wrong.yaml"),
      readFileSync(join(home, "release.yaml"), "utf8").replace("repeats", "repeat"),
    );
    const { stdout, stderr, exitCode } = await reports("gate", ...argv);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 64 });
    expect(stderr).toMatch(message);
  });
});

describe("reports attest and verify", () => {
  const bundle = "agent.tgz.intoto.jsonl";
  const everything = () => ["--key", "release.pub", "--policy", "release.yaml", "--artifact", "agent.tgz"];
  const attest = async (policy = "release.yaml") =>
    await reports(
      "attest",
      "--all",
      "--policy",
      policy,
      "--artifact",
      "agent.tgz",
      "--key",
      "release.key",
      "--output",
      bundle,
    );

  let attested: Awaited<ReturnType<typeof program>>;
  beforeAll(async () => {
    attested = await attest();
  });

  test("what was attested is verified", async () => {
    expect({ exitCode: attested.exitCode, stdout: attested.stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(attested.stderr).toContain(" PASS   all 7 checks passed");
    const { stdout, stderr, exitCode } = await reports("verify", bundle, ...runs, ...everything());
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(`✓ judged     the same runs, judged again`);
    expect(stdout.split("\n").filter((line) => Array.from(line).length > 80)).toEqual([]);
  });

  test("the runs say themselves that they tested it", async () => {
    const { stdout, stderr, exitCode } = await reports("verify", bundle, "--key", "release.pub", "--json");
    const tested = { testedSubject: true, stage: "sim", counts: true };
    expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject({
      statements: { residue: { predicate: { runs: [tested, tested] } } },
    });
  });

  test("to stdout it is the bundle alone", async () => {
    const argv = ["--all", "--policy", "strict.yaml", "--artifact", "agent.tgz", "--key", "release.key"];
    const { stdout, exitCode } = await reports("attest", ...argv);
    expect(exitCode).toBe(1);
    writeFileSync(join(home, "failed.jsonl"), `${stdout}\n`);
    const verified = await reports("verify", "failed.jsonl", "--key", "release.pub");
    expect(verified).toMatchObject({ exitCode: 1 });
    expect(verified.stdout).toContain("what was attested is FAILED");
  });

  test.for([
    ["the artifact", "agent.tgz", "artifact"],
    ["the policy", "release.yaml", "policy"],
    ["the bundle", bundle, "signature"],
    ["a log of a run", ".scenarios/latest/harness.json", "runs"],
  ] as const)("%s with a space more is refused with 1", async ([, file, check]) => {
    const path = join(home, file);
    const before = readFileSync(path);
    try {
      appendFileSync(path, " ");
      const { stdout, exitCode } = await reports("verify", bundle, ...runs, ...everything());
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(new RegExp(`^ REFUSED   ${bundle}\\n`));
      expect(stdout).toContain(`  ✗ ${check}`);
    } finally {
      writeFileSync(path, before);
    }
  });

  test.for([
    ["no such bundle", ["verify", "none", "--key", "release.pub"], /^Cannot read the bundle none: ENOENT\./],
    [
      "no such artifact",
      ["verify", bundle, "--key", "release.pub", "--artifact", "none"],
      /^Cannot read none: ENOENT\./,
    ],
  ] as const)("refuses %s with 64", async ([, argv, message]) => {
    const { stdout, stderr, exitCode } = await reports(...argv);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 64 });
    expect(stderr).toMatch(message);
  });
});

async function reports(...argv: readonly string[]) {
  return await program("reports", argv);
}

async function program(name: string, argv: readonly string[]) {
  const path = resolve(import.meta.dirname, `../bin/${name}.mjs`);
  const env = { PATH: process.env["PATH"] ?? "", COLUMNS: "80" };
  const { exitCode, stdout, stderr } = await execa(process.execPath, [path, ...argv], {
    ...{ cwd: home, reject: false, extendEnv: false, env },
  });
  return { exitCode, stdout, stderr };
}
