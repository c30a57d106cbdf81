import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { jsonOf } from "../foundation/testing/json-of.ts";
import { SuiteRecord } from "../protocol/suite.ts";
import { listRuns } from "../reports/runs/list-runs.ts";
import { parseXml } from "../reports/testing/parse-xml.ts";
import { catalog } from "./catalog/catalog.ts";
import { runMain } from "./testing/run-main.ts";

/** On the stage on which nearly all of these tests run them. */
const names = catalog.filter(({ stages }) => stages.includes("sim")).map(({ name }) => name);
const onHost = catalog.filter(({ stages }) => stages.includes("host")).map(({ name }) => name);
const [simple] = names as [string];
let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "suite-commands-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** As if the command had been given in the test's own directory. */
const at = (path: string) => join(place, path);
const onSim = (...args: string[]) => {
  const output = args.includes("--output") ? [] : ["--output", at("runs")];
  return runMain(["run", "--stage", "sim", "--seed", "s", "--cycles", "3", "--reporter", "list", ...output, ...args]);
};
const recordIn = (root: string) => SuiteRecord.parse(JSON.parse(readFileSync(at(`${root}/suite.json`), "utf8")));
/** Of the lines that tell a run, which have a time at their end. */
const namesIn = (stdout: string) => [...stdout.matchAll(/^ {2}[✓✗?] +(?:\d+ )?(\S+) .*\)$/gm)].map(([, name]) => name);

describe("scenarios run", () => {
  it("with --dry-run tells the order and does nothing", async () => {
    const args = ["run", "--all", "--dry-run", "--repeat-each", "2", "--seed", "s", "--output", at("runs")];
    const { exitCode, stdout } = await runMain(args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${2 * onHost.length} runs on the stage host, one after the other, seed s:`);
    const { entries } = jsonOf(await runMain([...args, "--json"])) as {
      entries: { scenario: string; seed: string }[];
    };
    expect(entries.map(({ scenario }) => scenario)).toEqual([...onHost, ...onHost]);
    expect(new Set(entries.map(({ seed }) => seed))).toEqual(new Set(["s", "s-2"]));
    expect(readdirSync(place)).toEqual([]);
  });

  it("with --dry-run and an adapter tells what of each does not apply", async () => {
    const adapter = join(import.meta.dirname, "examples", "memcached.ts");
    const args = ["run", "withdraw-while-paused", "--dry-run", "--agent", adapter, "--output", at("runs")];
    const { stdout } = await runMain(args);
    expect(stdout).toContain("not applicable, memcached takes no jobs: step 3 submit");
    expect(stdout).not.toContain("step 2 join");
    const { entries } = jsonOf(await runMain([...args, "--json"])) as {
      entries: { notApplicable: { what: string; why: string }[] }[];
    };
    const [entry] = entries;
    expect(entry?.notApplicable).toContainEqual({ what: "step 3 submit", why: "memcached takes no jobs" });
    expect(entry?.notApplicable.map(({ what }) => what)).toContain("expectation jobs-settled");
  });

  it("tells several runs by a line each and a single one in detail, unless something else is asked for", async () => {
    const plain = ["run", simple, "--stage", "sim", "--seed", "s", "--output", at("runs")];
    const one = await runMain(plain);
    expect(one.stdout).toContain("step 1");
    const several = await runMain([...plain, "--repeat-each", "2"]);
    expect(several.stdout.split("\n")).toHaveLength(5);
    expect(namesIn(several.stdout)).toEqual([simple, simple]);
    const asked = await runMain([...plain, "--repeat-each", "2", "--reporter", "line"]);
    expect(asked.stdout).toContain("step 1");
  });

  it("counts what a pattern chose and the stage cannot play, in every report", async () => {
    const [host, sim] = ["job-opens-port", "job-daemonises"];
    const some = await onSim("job-{opens,daemonises}*", "--reporter", `junit=${at("junit.xml")}`);
    expect([some.exitCode, some.stderr]).toEqual([0, ""]);
    expect(some.stdout).toContain("1 skipped, 1 passed of 2 runs");
    expect(recordIn("runs").entries).toMatchObject([
      { scenario: sim, outcome: "passed" },
      { scenario: host, outcome: "skipped", skipped: { remedy: "Run it with --stage host or --stage netns." } },
    ]);
    expect(readFileSync(at("junit.xml"), "utf8")).toContain("It is not for the stage sim.");
    const none = await onSim("--grep", host);
    expect([none.exitCode, none.stdout]).toEqual([2, expect.stringContaining("Run it with --stage host")]);
    expect((await onSim("--grep", host, "--dry-run")).stdout).toContain("skipped: It is not for the stage sim.");
  });

  it("runs side by side in virtual time what it runs one after the other, with the same histories", async () => {
    const one = await onSim("--all", "--output", at("one"));
    const other = await onSim("--all", "--output", at("other"), "--workers", "3");
    expect([one.exitCode, other.exitCode]).toEqual([0, 0]);
    expect(namesIn(one.stdout)).toEqual(names);
    expect(new Set(namesIn(other.stdout))).toEqual(new Set(names));
    const digests = (root: string) =>
      recordIn(root).entries.flatMap(({ attempts: [attempt], outcome }) => {
        if (outcome === "skipped") return [];
        const verdict = readFileSync(join(place, root, attempt?.run ?? "", "verdict.json"), "utf8");
        return (JSON.parse(verdict) as { historyDigest: string }).historyDigest;
      });
    expect(digests("other")).toEqual(digests("one"));
  });

  it("runs again what failed the last time, and has nothing to do when nothing did", async () => {
    expect((await onSim("--all", "--timeout", "1ms", "-x")).exitCode).toBe(1);
    const { entries } = recordIn("runs");
    expect(entries.map(({ outcome }) => outcome)).toEqual(["failed", ...catalog.slice(1).map(() => "not-run")]);
    const again = await onSim("--last-failed", "--repeat-each", "2");
    expect(again.exitCode).toBe(0);
    expect(namesIn(again.stdout)).toEqual([simple, simple]);
    const nothing = await onSim("--last-failed");
    expect([nothing.exitCode, nothing.stdout]).toEqual([0, ""]);
    expect(nothing.stderr).toContain("Nothing to run");
  });

  it("does not forget what failed because it was not its turn again", async () => {
    const [, second] = names as [string, string];
    expect((await onSim(simple, second, "--timeout", "1ms")).exitCode).toBe(1);
    expect((await onSim("--last-failed", "--timeout", "1ms", "-x")).exitCode).toBe(1);
    expect(recordIn("runs").entries.map(({ outcome }) => outcome)).toEqual(["failed", "not-run"]);
    const elsewhere = await onSim("--last-failed", "owner-comes-back");
    expect([elsewhere.exitCode, elsewhere.stdout]).toEqual([0, ""]);
    expect(elsewhere.stderr).toContain(`Nothing to run: none of what failed is among these (${simple}, ${second}).`);
    expect(namesIn((await onSim("--last-failed")).stdout)).toEqual([simple, second]);
  });

  it("does not forget what failed because only another one was run again", async () => {
    const [, second] = names as [string, string];
    expect((await onSim(simple, second, "--timeout", "1ms")).exitCode).toBe(1);
    expect(namesIn((await onSim("--last-failed", simple)).stdout)).toEqual([simple]);
    expect(namesIn((await onSim("--last-failed")).stdout)).toEqual([second]);
    expect((await onSim("--last-failed")).stderr).toContain("whatever ran last here came to a good end");
  });

  it("says in every run by its digest which files are tested", async () => {
    writeFileSync(join(place, "agent.tgz"), "agent");
    expect((await onSim(simple, "--artifact", at("agent.tgz"))).exitCode).toBe(0);
    const history = readFileSync(join(place, "runs", "latest", "history.jsonl"), "utf8");
    expect(history).toContain(`"artifacts":[{"name":"agent.tgz","sha256":"${hash("sha256", "agent")}"}]`);
    const missing = await onSim(simple, "--artifact", at("none.tgz"));
    expect([missing.exitCode, missing.stderr]).toEqual([
      64,
      expect.stringContaining("none.tgz, which is to be tested"),
    ]);
  });

  it.each([
    [["--stage", "netns", "--workers", "2"], "On the stage netns one run goes on at a time. Leave --workers out"],
    [["--stage", "sim", "--keep"], "--keep has no meaning with --stage sim"],
    [["--stage", "sim", "--store", "sqlite"], "--store has no meaning with --stage sim"],
  ])("refuses %j, which does not go together", async (flags, why) => {
    const { exitCode, stderr } = await runMain(["run", simple, ...flags, "--dry-run", "--output", at("runs")]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(why);
  });

  it("makes as many attempts as it may, and tells each", async () => {
    const { exitCode, stdout } = await onSim(
      simple,
      "--timeout",
      "1ms",
      "--retries",
      "2",
      "--reporter",
      `junit=${at("j.xml")}`,
    );
    expect(exitCode).toBe(1);
    expect(namesIn(stdout)).toEqual([simple, simple, simple]);
    expect(stdout).toContain("attempt 3");
    const root = parseXml(readFileSync(join(place, "j.xml"), "utf8"));
    expect(root.children).toHaveLength(1);
    expect(readFileSync(join(place, "j.xml"), "utf8")).toContain("<rerunFailure");
    const runs = listRuns(at("runs")).toReversed();
    const earlier = runs.slice(0, 2).map(({ run }) => run);
    const told = ["verdict.json", "history.jsonl"].map((file) =>
      readFileSync(join(at("runs"), "latest", file), "utf8"),
    );
    const [first = ""] = (told[1] ?? "").split("\n");
    expect(JSON.parse(told[0] ?? "")).toMatchObject({ run: runs[2]?.run, retryOf: earlier });
    expect(JSON.parse(first)).toMatchObject({ data: { retryOf: earlier } });
  });

  it("writes GitHub's annotations beside the list, and the step summary", async () => {
    writeFileSync(join(place, "summary.md"), "before\n");
    vi.stubEnv("GITHUB_STEP_SUMMARY", at("summary.md"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { exitCode, stdout } = await onSim(simple, "--timeout", "1ms", "--reporter", "github");
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`::error title=${simple}%3A failed::`);
    expect(readFileSync(join(place, "summary.md"), "utf8")).toMatch(/^before\n## Houseguest: 1 failed\n/);
  });

  it("says that a shard has nothing to run, which is no error, and no part that is missing", async () => {
    const { exitCode, stderr } = await onSim(simple, "--shard", "2/2", "--output", at("two"));
    expect(exitCode).toBe(0);
    const first = await onSim(simple, "--shard", "1/2", "--output", at("one"));
    expect(stderr + first.stderr).toContain("Nothing to run: shard 1 of 2 is empty.");
    const merged = await runMain(["merge", at("two"), at("one"), "--reporter", "list"]);
    expect(merged.stdout).toContain(simple);
    expect({ exitCode: merged.exitCode, stderr: merged.stderr }).toEqual({ exitCode: 0, stderr: "" });
  });
});

describe("scenarios merge", () => {
  it("reports shards as one command, in the suite's order", async () => {
    for (const index of ["1", "2", "3"])
      await onSim("--all", "--shard", `${index}/3`, "--output", at(`shard-${index}`));
    const shards = [3, 1, 2].map((index) => at(`shard-${index}`));
    const args = ["merge", ...shards, "--reporter", `list,junit=${at("all.xml")}`, "--output", at("all")];
    const { exitCode, stdout } = await runMain(args);
    expect(exitCode).toBe(0);
    expect(namesIn(stdout)).toEqual(names);
    expect(stdout).toContain(`${names.length} passed of ${catalog.length} runs`);
    const root = parseXml(readFileSync(join(place, "all.xml"), "utf8"));
    const told = root.children.map(({ attributes }) => attributes["name"]);
    expect(new Set(told)).toEqual(new Set(catalog.map(({ name }) => name)));
    expect(told.slice(0, names.length)).toEqual(names);
    const runs = recordIn("all").entries.flatMap(({ attempts }) => attempts.map(({ run }) => run));
    expect(readdirSync(join(place, "all"))).toEqual(expect.arrayContaining(runs));
  });

  it("is unknown without one of them, also where the rest passed", async () => {
    await onSim("--all", "--shard", "1/2", "--output", at("shard-1"));
    const { exitCode, stderr } = await runMain(["merge", at("shard-1")]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Shard 2 of 2 is missing.");
  });
});

describe("scenarios merge of what did not run", () => {
  it("is unknown where nothing of a shard began, whatever the other one came to", async () => {
    for (const index of ["1", "2"]) await onSim("--all", "--shard", `${index}/2`, "--output", at(`shard-${index}`));
    const path = at("shard-2/suite.json");
    const record = recordIn("shard-2");
    const entries = record.entries.map((entry) => ({ ...entry, outcome: "not-run", attempts: [] }));
    writeFileSync(path, JSON.stringify({ ...record, entries }));
    const { exitCode, stderr } = await runMain(["merge", at("shard-1"), at("shard-2")]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${entries.length} of ${entries.length} runs never began.`);
  });

  it("is unknown where a run's directory is gone, and copies the others", async () => {
    const [, second] = names as [string, string];
    await onSim(simple, second, "--output", at("one"));
    const [gone, there] = recordIn("one").entries.map(({ attempts }) => attempts[0]?.run ?? "");
    rmSync(join(place, "one", gone as string), { recursive: true });
    const { exitCode, stdout, stderr } = await runMain([
      ...["merge", at("one"), "--output", at("all"), "--reporter", "list"],
    ]);
    expect(exitCode).toBe(2);
    expect(namesIn(stdout)).toEqual([second]);
    expect(stderr).toContain(`${gone} holds no history.jsonl`);
    expect(readdirSync(at("all"))).toContain(there);
  });

  it.each([
    ["a fail for a pass", { exitCode: 1 }, 1, "suite.json says exit code 0, and its verdict 1"],
    ["another scenario", { scenario: "rapid-pause-resume" }, 2, "and its verdict is of rapid-pause-resume"],
    ["another seed", { seed: "other" }, 2, "and its verdict of the seed other"],
  ])("does not take %s from suite.json, which is only a summary", async (_, changed, code, why) => {
    await onSim(simple, "--output", at("one"));
    const path = join(place, "one", recordIn("one").entries[0]?.attempts[0]?.run ?? "", "verdict.json");
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...changed }));
    const { exitCode, stderr } = await runMain(["merge", at("one")]);
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(why)]);
  });

  const edits: [string, (entry: SuiteRecord["entries"][number]) => object, string][] = [
    ["a pass for what failed", (entry) => ({ ...entry, outcome: "passed" }), "its attempts come to failed"],
    [
      "a pass without a run",
      (entry) => ({ ...entry, outcome: "passed", attempts: [] }),
      "its attempts come to not-run",
    ],
    [
      "the last attempt for all of them",
      ({ attempts, ...entry }) => ({ ...entry, attempts: attempts.slice(1) }),
      "suite.json names no attempt before it, and its verdict ",
    ],
    [
      "a skip for what failed",
      (entry) => ({ ...entry, outcome: "skipped", attempts: [], skipped: { why: "No room.", remedy: "Make some." } }),
      "ended with 1 meanwhile, and suite.json does not name it",
    ],
    [
      "one run for two attempts",
      ({ attempts, ...entry }) => ({ ...entry, attempts: attempts.map(() => attempts[0]) }),
      "suite.json names it twice",
    ],
  ];
  it.each(edits)("does not take %s from suite.json", async (_, edit, why) => {
    await onSim(simple, "--output", at("one"), "--timeout", "1ms", "--retries", "1");
    const record = recordIn("one");
    writeFileSync(at("one/suite.json"), JSON.stringify({ ...record, entries: record.entries.map(edit) }));
    const { exitCode, stderr } = await runMain(["merge", at("one")]);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toContain(why);
  });

  it("refuses shards of other suites of the same size", async () => {
    const [, second, third] = names as [string, string, string];
    await onSim(simple, second, "--shard", "1/2", "--output", at("one"));
    await onSim(second, third, "--shard", "2/2", "--output", at("two"));
    const { exitCode, stderr } = await runMain(["merge", at("one"), at("two")]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("are parts of different suites");
  });
});

describe("scenarios recheck and compare", () => {
  it("judge a stored history again, and see what was changed in it", async () => {
    await onSim(simple);
    const [{ attempts }] = recordIn("runs").entries as [SuiteRecord["entries"][number]];
    const directory = join(place, "runs", attempts[0]?.run ?? "");
    const same = await runMain(["recheck", directory]);
    expect([same.exitCode, same.stdout]).toEqual([0, expect.stringContaining("judged as before")]);
    expect((await runMain(["compare", directory, directory])).exitCode).toBe(0);

    // Somebody says now that the key was still good.
    const history = join(directory, "history.jsonl");
    const text = readFileSync(history, "utf8");
    writeFileSync(history, text.replace(/("type":"witness.revoked-key".*?"status":)\d+/, "$1200"));
    expect(readFileSync(history, "utf8")).not.toBe(text);
    expect((await runMain(["recheck", directory])).stdout).toContain("history.jsonl is not what the run was judged by");
    const { exitCode, stdout, stderr } = await runMain(["recheck", directory, "--json"]);
    const judged = jsonOf({ stdout, stderr, exitCode }) as {
      expectations: { id: string; before: string; now: string }[];
    };
    expect(exitCode).toBe(1);
    expect(judged.expectations.filter(({ before, now }) => before !== now)).toEqual([
      expect.objectContaining({ id: "key-revoked", before: "pass", now: "fail" }),
    ]);
  });

  it("judge what a run without an adapter calls not applicable", async () => {
    await onSim(simple);
    const path = at("runs/latest/verdict.json");
    const verdict = JSON.parse(readFileSync(path, "utf8")) as { expectations: { id: string }[] };
    const [gone, ...expectations] = verdict.expectations;
    writeFileSync(path, JSON.stringify({ ...verdict, expectations, notApplicable: [] }));
    const { stdout, stderr, exitCode } = await runMain(["recheck", at("runs/latest"), "--json"]);
    const judged = jsonOf({ stdout, stderr, exitCode }) as { expectations: { id: string }[] };
    expect(judged.expectations).toContainEqual(expect.objectContaining({ id: gone?.id, before: null, now: "pass" }));
  });

  it("finds a run that is worse", async () => {
    await onSim(simple, "--output", at("a"));
    await onSim(simple, "--output", at("b"), "--timeout", "1ms");
    const worse = await runMain(["compare", at("a/latest"), at("b/latest")]);
    expect([worse.exitCode, worse.stdout]).toEqual([
      1,
      expect.stringMatching(/^ WORSE .*\n.*\n.*\n[^]*lifecycle +pass +fail/),
    ]);
    expect((await runMain(["compare", at("b/latest"), at("a/latest")])).exitCode).toBe(0);
  });
});
