import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { parseXml } from "./testing/parse-xml.ts";
import { runFixtures } from "./testing/run-fixtures.ts";
import { writeRun } from "./testing/write-run.ts";

const launcher = resolve(import.meta.dirname, "../bin/reports.mjs");
const passing = "20260131T101500-withdraw-under-load";
const failing = "20260131T113000-withdraw-under-load";
let home = "";

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "houseguest-reports-cli-"));
  writeRun(join(home, ".scenarios"), runFixtures.passing(), passing);
  writeRun(join(home, ".scenarios"), runFixtures.failing(), failing);
});
afterAll(() => {
  rmSync(home, { recursive: true });
});

describe("reports show", () => {
  test("the newest run, plain in a pipe, and exit 0 though the run failed", async () => {
    const { stdout, stderr, exitCode } = await reports("show");
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toContain(" FAIL   withdraw-under-load");
    expect(stdout).not.toContain("\x1b");
    expect(stdout.split("\n").at(-1)).toMatch(/^reproduce +npx scenarios run/);
  });

  test("the command that it prints shows the same run", async () => {
    const { stdout } = await reports("show", passing);
    const again = /^look again +npx reports (.+)$/m.exec(stdout)?.[1];
    expect((await reports(...(again ?? "").split(" "))).stdout).toBe(stdout);
  });

  test("as JSON and as JUnit, also into a file", async () => {
    const { stdout, stderr, exitCode } = await reports("show", passing, "--format", "json");
    expect(jsonOf({ stdout, stderr, exitCode })).toMatchObject({ version: 1, verdict: { exitCode: 0 } });
    const file = join(home, "junit.xml");
    expect(await reports("show", passing, "--format", "junit", "--output", file)).toMatchObject({
      exitCode: 0,
      stdout: "",
    });
    expect(parseXml(readFileSync(file, "utf8")).attributes["failures"]).toBe("0");
  });

  test("colour by FORCE_COLOR, but never against --no-color", async () => {
    const env = { FORCE_COLOR: "1" };
    expect((await reports({ env }, "show")).stdout).toContain("\x1b[");
    expect((await reports({ env }, "show", "--no-color")).stdout).not.toContain("\x1b");
  });

  test("a reader that closes early ends it quietly", async () => {
    // Nobody reads: the pipe's other end is closed before the first byte.
    const script = 'exec 3>&1; { sh -c \'node="$1"; shift; "$node" "$@"; echo "exit $?" >&3\' - "$@"; } | exec true';
    const { stdout, stderr } = await execa("sh", ["-c", script, "-", process.execPath, launcher, "show"], {
      cwd: home,
    });
    expect({ stdout, stderr }).toEqual({ stdout: "exit 0", stderr: "" });
  });

  test("a full disk is told", async (ctx) => {
    if (process.platform !== "linux") ctx.skip("/dev/full is Linux's");
    const script = '"$@" >/dev/full';
    const { stderr, exitCode } = await execa("sh", ["-c", script, "-", process.execPath, launcher, "show"], {
      ...{ cwd: home, reject: false },
    });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^The output could not be written: ENOSPC\. [^\n]+$/);
  });

  test("a full disk under the complaints changes no exit code", async (ctx) => {
    if (process.platform !== "linux") ctx.skip("/dev/full is Linux's");
    const argv = [process.execPath, launcher, "show", "none"];
    const { exitCode } = await execa("sh", ["-c", '"$@" 2>/dev/full', "-", ...argv], { cwd: home, reject: false });
    expect(exitCode).toBe(64);
  });
});

test("reports list names all, as a table and as JSON", async () => {
  const { stdout } = await reports("list");
  expect(
    stdout
      .split("\n")
      .slice(1)
      .map((line) => line.split(/ +/).slice(0, 2)),
  ).toEqual([
    ["FAIL", failing],
    ["PASS", passing],
  ]);
  const { runs } = jsonOf(await reports("list", "--json")) as {
    runs: { run: string; exitCode: number }[];
  };
  expect(runs.map(({ run, exitCode }) => [run, exitCode])).toEqual([
    [failing, 1],
    [passing, 0],
  ]);
});

describe("one clear sentence, what to do next, and exit 64", () => {
  test.for([
    [
      "a run that is not there",
      ["show", "20260131T101500-withdraw-under-laod"],
      /There is no run .* Did you mean 20260131T101500-/,
    ],
    ["no runs yet", ["show", "--root", "none"], /There are no runs in none yet\. Make one with `npx scenarios run/],
    [
      "a folder that is no run",
      ["show", "./.scenarios"],
      /holds no history\.jsonl.* See all runs with `npx reports list`/,
    ],
    ["a root that is not there", ["list", "--root", "none"], /There is no folder none\. Name the folder/],
    [
      "an unknown format",
      ["show", "--format", "xml"],
      /Allowed choices are line, list, json, junit, markdown, github, sarif, html\.\nSee `npx reports --help`/,
    ],
    ["an unknown command", ["lst"], /unknown command 'lst'\n\(Did you mean list\?\)\nSee `npx reports --help`/],
    ["no command", [], /^Usage: reports/],
    [
      "an output that cannot be",
      ["show", "--output", "no/such/file"],
      /Cannot write the report to no\/such\/file: ENOENT\. Name a file/,
    ],
  ] as const)("%s", async ([, argv, message]) => {
    const { stdout, stderr, exitCode } = await reports(...argv);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 64 });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

describe("reports serve", () => {
  test("says where, answers, and ends with 0 when it is asked to", async () => {
    const child = execa(process.execPath, [launcher, "serve", "--port", "0", "--json"], { cwd: home, reject: false });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { runs } = (await (await fetch(`${url}/api/runs`)).json()) as { runs: unknown[] };
    expect(runs).toHaveLength(2);
    // One who follows holds it up no more than others.
    const followed = await fetch(`${url}/api/events`);
    child.kill("SIGTERM");
    expect(await child).toMatchObject({ exitCode: 0, stderr: "" });
    await followed.body?.cancel().catch(() => undefined);
  });

  test.for([
    ["a port that is none", ["--port", "http"], /"http" is no port\. Name one from 0/],
    ["a folder that is not there", ["none"], /There is no folder none\. Name the folder/],
    [
      "an address of somebody else",
      ["--host", "192.0.2.1"],
      /Cannot listen on 192\.0\.2\.1, port 7878: EADDRNOTAVAIL\./,
    ],
  ] as const)("%s is told, and ends with 64", async ([, argv, message]) => {
    const { exitCode, stderr } = await reports("serve", ...argv);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
  });
});

test("reports html writes a page beside the run's directory, or where it is told to", async () => {
  const { stdout, exitCode } = await reports("html", passing);
  expect({ stdout, exitCode }).toEqual({ stdout: join(".scenarios", `${passing}.html`), exitCode: 0 });
  expect(await reports("html", passing, "--output", "page.html")).toMatchObject({ stdout: "page.html", exitCode: 0 });
  const pages = [join(".scenarios", `${passing}.html`), "page.html"].map((page) =>
    readFileSync(join(home, page), "utf8"),
  );
  expect(pages[0]).toBe(pages[1]);
  expect(pages[0]).toContain("<title>PASS withdraw-under-load</title>");
  expect((await reports("html", passing, "--output", "no/such/page.html")).exitCode).toBe(64);
});

test("help tells examples and exit codes", async () => {
  const { stdout, exitCode } = await reports("--help");
  expect(exitCode).toBe(0);
  expect(stdout).toContain("Examples:");
  expect(stdout).toContain("Exit codes:");
});

interface Given {
  readonly env?: Record<string, string>;
}

async function reports(...args: readonly (string | Given)[]) {
  const argv = args.filter((arg) => typeof arg === "string");
  const [{ env } = {}] = args.filter((arg) => typeof arg !== "string");
  const environment = { PATH: process.env["PATH"] ?? "", ...env };
  const ended = await execa(process.execPath, [launcher, ...argv], {
    ...{ cwd: home, reject: false, extendEnv: false, env: environment },
  });
  return { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr };
}
