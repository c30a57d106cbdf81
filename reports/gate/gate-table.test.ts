import { expect, test } from "vitest";

import { beganAt } from "../testing/history-builder.ts";
import { releasableRun } from "../testing/releasable-run.ts";
import { cleanResidue, finding } from "../testing/residue-fixtures.ts";
import { lineWidth, renderLines } from "../text/line.ts";
import { judgeGate } from "./gate.ts";
import { gateTable } from "./gate-table.ts";
import { GatePolicy } from "./policy.ts";

const waiver = { owner: "ada@example.org", reason: "a log that another program of ours keeps", expires: "2026-02-28" };
const policy = GatePolicy.parse({
  version: 1,
  scenarios: [{ scenario: "withdraw-under-load" }, { scenario: "soak", stages: ["sim"] }],
  recorder: "optional",
  waivers: [
    { ...waiver, finding: "files:/var/log/**" },
    { ...waiver, surface: "containers" },
    { ...waiver, finding: "files:/tmp/old", expires: "2026-01-01" },
  ],
  latencies: [{ latency: "withdrawal", p99MsMax: 500 }],
});

function table(findings: string[], width = 80): string {
  const residue = { ...cleanResidue(), verdict: "residue" as const, findings: findings.map((id) => finding({ id })) };
  const runs = [releasableRun("passing", { residue })];
  const source = { path: "release.yaml", digest: { sha256: "0".repeat(64) } };
  const report = judgeGate({ policy, source, runs, artifacts: [], nowMs: beganAt + 3_600_000 });
  const lines = gateTable(report, width);
  // Nothing is cut off at the usual width.
  if (width === 80) expect(lines.filter((line) => lineWidth(line) > width)).toEqual([]);
  return renderLines(lines, { columns: width, color: false });
}

test("what blocks first, then what passed, then who answers for what", () => {
  expect(table(["files:/var/log/a", "files:/tmp/old"])).toBe(` BLOCKED   3 of 9 checks block · 1 run · release.yaml

Blocks
  ✗ scenario  withdraw-under-load · host
              0 of 1 run can be counted, 1 must
  ✗ scenario  soak · sim
              no run of it was given
  ✗ residue   20260131T101500-withdraw-under-load
              file /tmp/left (0644 root, 12 B) appeared (the agent's;
              files:/tmp/old); ada@example.org's waiver of it expired with
              2026-01-01

Passed
  ✓ evidence  the history is whole, and the verdict says the same  1 of 1 run
  ✓ conduct   every step was taken, every expectation holds        1 of 1 run
  ✓ clean-up  the harness undid all that it did                    1 of 1 run
  ✓ surfaces  every surface was wholly seen                        1 of 1 run
  ✓ age       ended not too long ago                               1 of 1 run
  ✓ latency   withdrawal p99 ≤ 500 ms
              p99 410 ms of 1

Waivers
  files:/var/log/**  covers 1
    ada@example.org, until 2026-02-28: a log that another program of ours keeps
  containers  covers nothing: take it out
    ada@example.org, until 2026-02-28: a log that another program of ours keeps
  files:/tmp/old  expired
    ada@example.org, until 2026-01-01: a log that another program of ours keeps
`);
});

test("of many findings the first few, and how many more", () => {
  const many = table(Array.from({ length: 30 }, (_, index) => `files:/tmp/${index}`));
  expect(many.match(/files:\/tmp\/\d+/g)).toHaveLength(8);
  expect(many).toContain("and 22 more, in --json");
  // Told once, above all that is objected to it.
  expect(many.match(/20260131T101500-withdraw-under-load/g)).toHaveLength(1);
});

test("what a job chose as a name cannot write on the terminal", () => {
  const shown = table(["files:/tmp/\x1b[2Jx\ny"]);
  expect(shown).toContain(String.raw`\x1b[2Jx ↵ y`);
  expect(shown).not.toContain("\x1b");
});

test("a narrow terminal still has the numbers", () => {
  const [first = "", ...others] = table(["files:/tmp/a"], 40).split("\n");
  expect(first).toBe(" BLOCKED   3 of 9 checks block · 1 run …");
  expect(others.filter((line) => Array.from(line).length > 40)).toEqual([]);
});
