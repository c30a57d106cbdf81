import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";

const root = resolve(import.meta.dirname, "..");

const Ban = z.object({ message: z.string().min(1) });
const BanRules = z.object({
  "eslint/no-restricted-globals": z.tuple([
    z.literal("error"),
    z.object({ checkGlobalObject: z.literal(true), globals: z.array(Ban.extend({ name: z.string() })).min(1) }),
  ]),
  "eslint/no-restricted-properties": z
    .tuple([z.literal("error")])
    .rest(Ban.extend({ object: z.string(), property: z.string() })),
});
const LintConfig = z.object({ overrides: z.tuple([z.object({ files: z.array(z.string()), rules: BanRules })]) });

/** The table itself; its comments stand on lines of their own. */
const config = LintConfig.parse(
  JSON.parse(readFileSync(join(root, ".oxlintrc.json"), "utf8").replace(/^\s*\/\/.*$/gm, "")),
);
const [{ rules }] = config.overrides;
const bans = [
  ...rules["eslint/no-restricted-globals"][1].globals.map(({ name, message }) => ({ item: name, message })),
  ...rules["eslint/no-restricted-properties"].flatMap((ban) =>
    typeof ban === "string" ? [] : [{ item: `${ban.object}.${ban.property}`, message: ban.message }],
  ),
];
const everyBan = bans.map(({ item }, index) => `export const use${index}: unknown = ${item};`).join("\n");

const bannedFiles = ["agent/core/x.ts", "broker-sim/core/deep/x.ts", "scenarios/simulator/x.ts", "protocol/x.ts"];
const freeFiles = ["agent/io/x.ts", "agent/core/x.test.ts", "scenarios/x.ts"];

let house: string;
let complaints: { file: string; text: string }[];

beforeAll(async () => {
  house = mkdtempSync(join(tmpdir(), "houseguest-bans-"));
  cpSync(join(root, ".oxlintrc.json"), join(house, ".oxlintrc.json"));
  for (const file of [...bannedFiles, ...freeFiles]) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), everyBan);
  }
  const linter = join(root, "node_modules/oxlint/bin/oxlint");
  const { stdout } = await promisify(execFile)(process.execPath, [linter, "--format", "json"], { cwd: house }).catch(
    (error: { stdout: string }) => error,
  );
  const Diagnostics = z.object({ diagnostics: z.array(z.looseObject({ filename: z.string() })) });
  complaints = Diagnostics.parse(JSON.parse(stdout)).diagnostics.map((each) => {
    return { file: each.filename, text: JSON.stringify(each) };
  });
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe("bans in pure code", () => {
  test("the table holds at least clock, chance, timers, process and network", () => {
    const named = ["Date", "Math.random", "setTimeout", "setInterval", "process", "fetch"];
    expect(bans.map(({ item }) => item)).toEqual(expect.arrayContaining(named));
  });

  test.each(bans)("$item is refused everywhere, with what to use instead", ({ item, message }) => {
    const accused = complaints.filter(({ text }) => text.includes(`'${item}'`));
    expect(accused.map(({ file }) => file).toSorted()).toEqual(bannedFiles.toSorted());
    for (const { text } of accused) expect(text).toContain(JSON.stringify(message).slice(1, -1));
  });

  test("io/ and tests may use them", () => {
    const accused = complaints.filter(({ text }) => text.includes("(no-restricted-"));
    expect(accused.filter(({ file }) => freeFiles.includes(file))).toEqual([]);
  });
});
