import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";

import { UsageError } from "../../foundation/errors.ts";
import { parsePolicy, readPolicy } from "./read-policy.ts";

const docs = resolve(import.meta.dirname, "../../docs");
const example = join(docs, "release-gate.yaml");

let place = "";
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-policy-"));
});
afterEach(() => rmSync(place, { recursive: true }));

function problems(text: string): string[] {
  try {
    parsePolicy(text, "release.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "policy-file", exitCode: 64 });
    return (error as UsageError).message.trim().split("\n").slice(1);
  }
  return [];
}

const head = "version: 1\nscenarios:\n  - scenario: soak\n";

describe("the example", () => {
  test("is a policy, and says what it looks like it says", () => {
    const { policy, digest } = readPolicy(example);
    expect(policy.scenarios[1]).toEqual({
      ...{ scenario: "withdraw-under-load", stages: ["host"], drivers: ["bubblewrap"], repeats: 3 },
    });
    expect(policy.surfaces).toHaveLength(19);
    expect(policy.waivers).toMatchObject([{ surface: "containers", expires: "2027-03-31" }]);
    expect(digest.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("fits the published schema, which refuses what the program refuses", () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(join(docs, "schemas/release-gate.schema.json"), "utf8")) as object,
    );
    const text = readFileSync(example, "utf8");
    expect(validate(parse(text))).toBe(true);
    expect(validate(parse(text.replace("repeats: 3", "repeat: 3")))).toBe(false);
    expect(validate(parse(text.replace("[host, sim]", "[hots]")))).toBe(false);
  });
});

test("what is left out has a meaning, and the strict one", () => {
  expect(parsePolicy(head, "release.yaml")).toEqual({
    version: 1,
    scenarios: [{ scenario: "soak", stages: ["host"], repeats: 1 }],
    surfaces: ["files", "processes", "sockets", "crontabs"],
    ...{ recorder: "required", waivers: [], latencies: [], ageHoursMax: 24, artifacts: [] },
  });
});

describe("refused with file, line, column and the nearest right name", () => {
  test.for([
    ["a wrong key", `${head}    repeat: 2\n`, "4:5: there is no repeat here; did you mean repeats?"],
    ["a wrong key at the top", `${head}wavers: []\n`, "4:1: there is no wavers here; did you mean waivers?"],
    [
      "a key that is like no other",
      `${head}x: 1\n`,
      "4:1: there is no x here; there is version, scenarios, surfaces, recorder, waivers, latencies, ageHoursMax, artifacts",
    ],
    ["a wrong stage", `${head}    stages: [host, hots]\n`, '4:20: stages cannot be "hots"; did you mean host?'],
    [
      "a wrong driver",
      `${head}    drivers:\n      - bublewrap\n`,
      '5:9: drivers cannot be "bublewrap"; did you mean bubblewrap?',
    ],
    [
      "a wrong latency",
      `${head}latencies:\n  - latency: witdrawal\n    p99MsMax: 1\n`,
      '5:14: latency cannot be "witdrawal"; did you mean withdrawal?',
    ],
    ["a word that is like none", `${head}recorder: 17\n`, "4:11: recorder cannot be 17; it can be required, optional"],
    ["a number that is a word", `${head}    repeats: two\n`, "4:14: repeats must be a number"],
    ["a part of a run", `${head}    repeats: 1.5\n`, "4:14: repeats must be a whole number"],
    ["no run at all", `${head}    repeats: 0\n`, "4:14: repeats: Too small: expected number to be >=1"],
    ["a list that is none", "version: 1\nscenarios: soak\n", "2:12: scenarios must be a list"],
    ["no scenario", "version: 1\nscenarios: []\n", "2:12: scenarios: Too small: expected array to have >=1 items"],
    ["another version", head.replace("1", "2"), "1:10: version cannot be 2; it can be 1"],
    ["no version", head.replace("version: 1\n", ""), "1:1: version is missing"],
    [
      "a limit that limits nothing",
      `${head}latencies:\n  - latency: withdrawal\n`,
      "5:5: latencies: it limits nothing: give p50MsMax, p99MsMax or worstMsMax",
    ],
    [
      "a digest that YAML takes for a number",
      `${head}artifacts:\n  - name: a\n    sha256: ${"1".repeat(64)}\n`,
      "6:13: sha256 is a text: put it in quotes",
    ],
    [
      "a digest that is none",
      `${head}artifacts:\n  - name: a\n    sha256: abc\n`,
      "6:13: sha256: a SHA-256 digest is 64 digits of 0-9 and a-f",
    ],
    [
      "a waiver without an owner",
      `${head}waivers:\n  - surface: keys\n    reason: it is so for now\n    expires: 2026-12-31\n`,
      "5:5: owner is missing",
    ],
    [
      "a waiver without a reason",
      `${head}waivers:\n  - surface: keys\n    owner: ada\n    reason: "          "\n    expires: 2026-12-31\n`,
      "7:13: reason: a waiver needs a reason, in words that somebody else understands",
    ],
    [
      "a waiver without an end",
      `${head}waivers:\n  - surface: keys\n    owner: ada\n    reason: it is so for now\n    expires: never\n`,
      "8:14: expires: a waiver needs its last day, as 2026-12-31",
    ],
    [
      "a waiver of everything",
      `${head}waivers:\n  - owner: ada\n    reason: it is so for now\n    expires: 2026-12-31\n`,
      "5:5: waivers: a waiver is of one finding or of one surface",
    ],
    [
      "a waiver of whatever is found",
      `${head}waivers:\n  - finding: "**"\n    owner: ada\n    reason: it is so for now\n    expires: 2026-12-31\n`,
      "5:14: finding: a waiver begins with the surface that it is of, as files:/var/log/x",
    ],
    [
      "a limit that no number exceeds",
      `${head}latencies:\n  - latency: withdrawal\n    p99MsMax: .nan\n`,
      "6:15: p99MsMax must be a number",
    ],
    ["an age without end", `${head}ageHoursMax: .inf\n`, "4:14: ageHoursMax must be a number"],
    ["a key that stands there twice", `${head}version: 1\n`, "4:1: it is no YAML: Map keys must be unique"],
    [
      "two documents",
      `${head}---\n${head}`,
      "4:1: it is no YAML: Source contains multiple documents; please use YAML.parseAllDocuments()",
    ],
    ["nothing", "", "1:1: the policy must be a mapping of names to values"],
    ["a tag that is unknown", `${head}ageHoursMax: !days 3\n`, "4:14: it is no YAML: Unresolved tag: !days"],
  ] as const)("%s", ([, text, expected]) => {
    expect(problems(text)).toEqual([`release.yaml:${expected}`]);
  });

  test("all problems at once, in their order", () => {
    const text = `${head}    repeat: 2\n    stages: [hots]\nageHourMax: 3\n`;
    expect(problems(text).map((line) => line.split(":").slice(0, 3).join(":"))).toEqual([
      "release.yaml:4:5",
      "release.yaml:5:14",
      "release.yaml:6:1",
    ]);
  });

  test("an alias bomb, a file that is too large, one that is not there", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e"].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcd"[at]}`).join()}]\n`).join("")}`;
    expect(problems(bomb)[0]).toMatch(/^release.yaml:1:1: it is no YAML: Excessive alias count/);
    const large = join(place, "large.yaml");
    writeFileSync(large, head);
    truncateSync(large, 1024 * 1024 + 1);
    expect(() => readPolicy(large)).toThrow(/large\.yaml:1:1: it has 1048577 bytes, and a policy at most 1048576/);
    expect(() => readPolicy(join(place, "none.yaml"))).toThrow(/Cannot read the policy .*none\.yaml: ENOENT/);
  });
});
