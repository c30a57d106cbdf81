import { describe, expect, it } from "vitest";

import type { ResidueReport } from "../protocol/residue-report.ts";
import { renderReport } from "./render.ts";

const hostile = "\x1b[2J\x1b]0;owned\x07\r\n\x9b31m";
const attributes = { line: hostile };

const report: ResidueReport = {
  ...{
    version: 1,
    verdict: "residue",
    policy: "ci",
    summary: "1 thing is left.",
    baselineAt: 0,
    afterAt: 1,
    readings: 1,
  },
  surfaces: [
    { surface: "files", status: "partial", detail: `why ${hostile}`, factsBefore: 0, factsAfter: 0, durationMs: 1 },
  ],
  findings: [
    {
      ...{ id: hostile, surface: "files", change: "appeared", subject: `it ${hostile}`, location: hostile },
      ...{ owner: hostile, before: null, after: attributes, changed: [], show: `stat ${hostile}`, remove: hostile },
      attribution: { to: "job", evidence: [{ kind: "recorder", detail: hostile }] },
    },
  ],
  excused: [{ rule: "ended", reason: "It ended.", count: 1, examples: [hostile] }],
  recorder: [{ source: "calls", status: "lost", detail: hostile, events: 0 }],
  waivers: [{ finding: `x${hostile}`, reason: hostile, expires: "2026-12-31", findings: [] }],
};

describe("a report for people", () => {
  it("lets no name speak to the terminal", () => {
    const plain = renderReport(report, { columns: 80, color: false });
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(plain.replaceAll("\n", "").match(/[\x00-\x1f\x7f-\x9f]/g)).toBeNull();
    expect(plain.split("\\x1b[2J")).toHaveLength(12);
    // oxlint-disable-next-line no-control-regex -- colours of this program's own
    const colored = renderReport(report, { columns: 80, color: true }).replace(/\x1b\[\d+m/g, "");
    expect(colored).toBe(plain);
  });

  it("fits into the columns that there are, but for what must not be cut", () => {
    const long = `/${"x".repeat(100)}`;
    const [finding] = report.findings;
    const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
    const findings = finding === undefined ? [] : [{ ...finding, subject: words, location: long }];
    const lines = renderReport({ ...report, findings }, { columns: 60, color: false }).split("\n");
    expect(lines.filter((line) => line.length > 60)).toEqual([`       ${long}`]);
  });
});
