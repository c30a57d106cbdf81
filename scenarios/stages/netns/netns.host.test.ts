import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { jsonOf } from "../../../foundation/testing/json-of.ts";
import { RunVerdict } from "../../../protocol/verdict.ts";
import { missing } from "../../needs/needs.ts";
import { runProgram } from "../../testing/run-program.ts";

const lacking = missing("own-network");

/** The network namespaces that processes are in. */
function namespaces(): Set<string> {
  const found = readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readlinkSync(`/proc/${pid}/ns/net`)];
    } catch {
      return [];
    }
  });
  return new Set(found);
}

it.skipIf(lacking !== null)(
  `a partition between namespaces drops packets, and leaves no namespace behind${lacking === null ? "" : ` (skipped: ${lacking.why})`}`,
  async () => {
    const runs = mkdtempSync(join(tmpdir(), "netns-"));
    onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
    const before = namespaces();
    const words = ["run", "partition-and-fence", "--stage", "netns", "--json", "--runs", runs];
    const { exitCode, stdout, stderr } = await runProgram("scenarios", words);
    expect(stdout, stderr).not.toBe("");
    const verdict = RunVerdict.parse((jsonOf({ stdout, stderr, exitCode }) as { verdict: unknown }).verdict);
    expect(verdict.expectations.filter(({ result }) => result !== "pass")).toEqual([]);
    expect(verdict.expectations.find(({ id }) => id === "fault-effects")?.detail).toMatch(
      /[1-9]\d* bytes in \d+ pieces did not arrive/,
    );
    expect({ stage: verdict.stage, exitCode, findings: verdict.residue?.findings }).toEqual({
      ...{ stage: "netns", exitCode: 0, findings: [] },
    });
    expect([...namespaces()].filter((one) => !before.has(one))).toEqual([]);
  },
);
