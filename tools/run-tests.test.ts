import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { runTests } from "./run-tests.ts";
import type { Tally } from "./tally.ts";

const head = 'import { beforeAll, describe, expect, test } from "vitest";\n';
const good = 'test("good", () => expect(1).toBe(1));\n';

let house: string;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), "houseguest-run-tests-"));
  symlinkSync(resolve(import.meta.dirname, "../node_modules"), join(house, "node_modules"));
});
afterEach(() => rmSync(house, { recursive: true, force: true }));

async function tallyOf(text: string | undefined, ...parameters: string[]): Promise<Tally> {
  if (text !== undefined) writeFileSync(join(house, "x.test.mjs"), head + text);
  return await runTests({ parameters: ["--root", house, ...parameters], output: "hidden", endingMs: 1000 });
}

/** Each ending in which a careless count would say that all is well. */
describe("the tally of a test run", () => {
  test("counts what passed, names what failed, and gives the reason of what was skipped", async () => {
    const bad = 'describe("a group", () => test("bad", () => expect(1).toBe(2)));\n';
    const skip = 'test("elsewhere", (context) => context.skip("needs another machine"));\n';
    const skipIf = 'describe.skipIf(true)("not as root", () => test("guest", () => {}));\n';
    expect(await tallyOf(good + bad + skip + skipIf)).toEqual({
      passed: 1,
      failures: ["x.test.mjs > a group > bad"],
      flaky: [],
      skips: [
        { name: "x.test.mjs > elsewhere", reason: "needs another machine" },
        { name: "x.test.mjs > not as root > guest", reason: "its name says why" },
      ],
    });
  });

  test("is that of one that leaves the processors to others, too: its session, and within it", async () => {
    const text = `import { getPriority } from "node:os";
      import { existsSync, readFileSync } from "node:fs";
      const file = "/proc/self/autogroup";
      test("patient", () => {
        expect(getPriority()).toBe(19);
        if (existsSync(file)) expect(readFileSync(file, "utf8")).toContain("nice 19");
      });`;
    writeFileSync(join(house, "x.test.mjs"), head + text);
    const run = { parameters: ["--root", house], output: "hidden", endingMs: 1000 } as const;
    expect(await runTests({ ...run, isPatient: true })).toMatchObject({ passed: 1, failures: [] });
    if (getPriority() < 19) expect((await runTests(run)).failures).toEqual(["x.test.mjs > patient"]);
  });

  test("names what passed only when it was tried again, and why it failed first", async () => {
    const first = 'let tries = 0;\ntest("now and then", () => expect(++tries).toBe(2));\n';
    const never = 'test("never", () => expect(1).toBe(2));\n';
    expect(await tallyOf(first + never, "--retry=1")).toMatchObject({
      passed: 1,
      failures: ["x.test.mjs > never"],
      flaky: [{ name: "x.test.mjs > now and then", error: expect.stringContaining("expected 1 to be 2") }],
    });
    expect((await tallyOf(first)).failures).toEqual(["x.test.mjs > now and then"]);
  });

  test("a file that cannot be loaded is a failure", async () => {
    const { passed, failures } = await tallyOf(`throw new Error("broken file");\n${good}`);
    expect({ passed, failures }).toEqual({ passed: 0, failures: ["x.test.mjs (before or after its tests)"] });
  });

  test("a failed beforeAll is a failure, though its tests only count as skipped", async () => {
    const { failures } = await tallyOf(`describe("g", () => { beforeAll(() => { throw new Error("x"); }); ${good} });`);
    expect(failures).toContain("x.test.mjs > g (before or after its tests)");
  });

  test("an error outside of any test is a failure", async () => {
    const { passed, failures } = await tallyOf(`void Promise.reject(new Error("nobody waits for this"));\n${good}`);
    expect({ passed, failures }).toEqual({
      passed: 1,
      failures: ["an error outside of any test: nobody waits for this"],
    });
  });

  test("no test at all is a failure", async () => {
    expect((await tallyOf(undefined)).failures).toHaveLength(1);
    expect((await tallyOf(good, "no-such-file")).failures).toHaveLength(1);
  });

  test("a run whose every test is skipped is a failure", async () => {
    const { failures, skips } = await tallyOf('test("never", (context) => context.skip("no reason"));');
    expect({ failures, skips: skips.length }).toEqual({ failures: ["no test was run"], skips: 1 });
  });

  test("a runner that cannot start is a failure", async () => {
    writeFileSync(join(house, "vitest.config.mjs"), 'throw new Error("broken config");');
    expect((await tallyOf(good)).failures).toEqual(["vitest ended with code 1, without a result"]);
  });

  test("a runner that a program of the tests keeps from ending is killed, and a failure beside what it counted", async () => {
    const pidFile = join(house, "pid");
    // It holds the worker's output, for which vitest waits.
    const left = `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
      const { pid } = spawn("sleep", ["600"], { stdio: "inherit", detached: true });
      writeFileSync(${JSON.stringify(pidFile)}, String(pid));\n`;
    try {
      const failures = ["vitest ended SIGKILL; see above"];
      expect(await tallyOf(left + good)).toEqual({ passed: 1, failures, flaky: [], skips: [] });
    } finally {
      process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    }
  });

  test("a runner whose worker never returns is killed with it, and a failure", async () => {
    const pidFile = join(house, "pid");
    const never = `import { writeFileSync } from "node:fs";
      test("never", () => { writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (;;); });`;
    writeFileSync(join(house, "x.test.mjs"), head + never);
    const { failures } = await runTests({ parameters: ["--root", house], output: "hidden", deadlineMs: 5000 });
    expect(failures).toEqual(["vitest ended SIGKILL, without a result"]);
    const worker = Number(readFileSync(pidFile, "utf8"));
    await expect.poll(() => existsSync(`/proc/${worker}`)).toBe(false);
  });

  test("tests that a name pattern leaves out are not called skipped", async () => {
    expect(await tallyOf(`${good}test("other", () => {});`, "-t", "good")).toEqual({
      passed: 1,
      failures: [],
      flaky: [],
      skips: [],
    });
  });
});
