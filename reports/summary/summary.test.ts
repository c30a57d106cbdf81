import { stripVTControlCharacters } from "node:util";

import { describe, expect, test } from "vitest";

import { createReporter } from "../create-reporter.ts";
import type { EndedRun } from "../reporter.ts";
import { memoryOutput } from "../testing/memory-output.ts";
import { finding } from "../testing/residue-fixtures.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { visibleWidth } from "../text/width.ts";

/** What is there to be copied stands alone on its line behind one of these. */
const commandLine = /^( *\$ | *finish with |reproduce |look again |everything )/;

describe.for(Object.entries(runFixtures))("the summary of a run: %s", ([name, make]) => {
  test.for([100, 80, 60, 40])("is no wider than %d columns, commands aside", (columns) => {
    const tooWide = shown(make(), columns).filter((line) => visibleWidth(line) > columns);
    expect(tooWide.filter((line) => !commandLine.test(line))).toEqual([]);
  });

  test("tells what does not apply to the agent", () => {
    const run = make();
    const lacking = { id: "fencing", title: "old epochs are refused", detail: "guest records none" };
    const text = shown({ ...run, verdict: { ...run.verdict, notApplicable: [lacking] } }, 100).join("\n");
    expect(text).toContain("– not applicable: old epochs are refused: guest records none");
  });

  test("fits on a screen at 100 columns", () => {
    // Five findings told in full, each with its evidence and command, are worth a few lines more.
    expect(shown(make(), 100).length).toBeLessThanOrEqual(name === "failing" ? 66 : 60);
  });

  test("says the same in colour", () => {
    const plain = shown(make(), 100).join("\n");
    const colored = shown(make(), 100, true).join("\n");
    expect(colored).toContain("\x1b[");
    expect(stripVTControlCharacters(colored)).toBe(plain);
    expect(plain).not.toContain("\x1b");
  });
});

test("a run that passed says so first, and last how to look again", () => {
  const lines = shown(runFixtures.passing(), 100);
  expect(lines[0]).toContain("run 20260131T101500-withdraw-under-load");
  expect(lines.join("\n")).toContain("options jobs=24 slots=4 cycles=2 store=memory");
  expect(lines.find((line) => line.includes("PASS"))).toMatch(/PASS +withdraw-under-load +7\.02 s +· +residue clean/);
  expect(lines.at(-1)).toBe("look again   npx reports show 20260131T101500-withdraw-under-load");
});

test("a run that failed says why at its beginning and nearest the prompt, and ends with how to reproduce it", () => {
  const lines = shown(runFixtures.failing(), 100);
  const why = "nothing of a sandbox runs between freeze and resume: 2 of 12 processes ran on";
  const headline = lines.findIndex((line) => line.includes(" FAIL "));
  expect(lines[headline + 1]).toContain(why);
  expect(lines.at(-1)).toBe("reproduce    npx scenarios run withdraw-under-load --seed 7e1d0c --jobs 24 --slots 4");
  expect(lines.slice(-4).join(" ")).toContain(`✗ ${why}`);
});

test("a broken expectation is told with its story, however narrow the terminal", () => {
  const run = runFixtures.failing();
  const story = ["+0 ms broker b1: offered jobId=job-1 epoch=1", "+12.5 ms broker b1: offered jobId=job-1 epoch=2"];
  const expectations = run.verdict.expectations.map((one) => (one.result === "fail" ? { ...one, story } : one));
  const told = (columns: number) => shown({ ...run, verdict: { ...run.verdict, expectations } }, columns);
  for (const event of story) expect(told(100)).toContain(`      ${event}`);
  expect(told(40).filter((line) => line.startsWith("      ") && visibleWidth(line) > 40)).toEqual([]);
  expect(unwrapped(told(40))).toContain(story[1]);
});

test("without a broken expectation the first finding is the reason", () => {
  const run = runFixtures.failing();
  const held = run.verdict.expectations.map((one) => ({ ...one, result: "pass" as const }));
  const lines = shown({ ...run, verdict: { ...run.verdict, lifecycle: "pass", expectations: held } }, 100);
  expect(unwrapped(lines)).toContain(
    "✗ Left behind by the agent: process 5120 (sleep 3600), parent 1 (marker: HOUSEGUEST_RUN=",
  );
});

test("every finding is told with what it is, whose, the evidence and the command that shows it", () => {
  const text = unwrapped(shown(runFixtures.failing(), 100));
  for (const { subject, owner, attribution, show } of runFixtures.failing().verdict.residue?.findings ?? []) {
    expect(text).toContain(subject);
    expect(text).toContain(`owner ${owner}`);
    expect(text).toContain(`${attribution.evidence[0]?.kind}: ${attribution.evidence[0]?.detail}`);
    expect(text).toContain(`$ ${show}`);
  }
  expect(text).toContain("file /etc/hosts, mode 0644 → 0666");
});

test("of a hundred findings the first are told, and the others counted", () => {
  const run = runFixtures.failing();
  const findings = Array.from({ length: 100 }, (_, index) =>
    finding({ id: `files:/tmp/${index}`, subject: `file /tmp/${index}` }),
  );
  const residue = run.verdict.residue && { ...run.verdict.residue, findings };
  const lines = shown({ ...run, verdict: { ...run.verdict, residue } }, 100);
  expect(lines.join("\n")).toContain("and 90 more findings");
  expect(lines.length).toBeLessThan(75);
});

test("what this user cannot see is named, and the run passes all the same", () => {
  const text = unwrapped(shown(runFixtures.unprivileged(), 100));
  expect(text).toMatch(/PASS .* residue partial/);
  expect(text).toContain("not visible to this user in crontabs: /var/spool/cron/crontabs may only be read by root");
});

test("a run in virtual time says that no host was read, and asks for nothing", () => {
  const text = unwrapped(shown(runFixtures.virtual(), 100));
  expect(text).toMatch(/PASS .* in virtual time/);
  expect(text).toContain("Residue  not read nothing of this host was touched");
  const run = runFixtures.virtual();
  const doubtful = { ...run, verdict: { ...run.verdict, lifecycle: "unknown" as const, exitCode: 2 } };
  expect(unwrapped(shown(doubtful, 100))).not.toContain("The host was not read again");
});

test("what could not be undone comes with the command that finishes it", () => {
  const text = shown(runFixtures.notUndone(), 60).join("\n");
  expect(text).toContain("NOT UNDONE");
  expect(text).toContain("finish with  npx scenarios heal 20260131T101500-withdraw-under-load");
});

test("an unknown run asks, and does not claim a failure", () => {
  const lines = shown(runFixtures.unknown(), 100);
  expect(lines.join("\n")).toContain("? Nobody can say whether “sandboxes freeze within 10 ms (p99)” holds");
  expect(lines.join("\n")).toContain("evidence lost in files: /var was unmounted");
});

test("lost evidence is told before the figures that lack it", () => {
  const lines = shown({ ...runFixtures.passing(), lostEvidence: ["The last line of history.jsonl is torn."] }, 100);
  const lost = lines.findIndex((line) => line.includes("Lost evidence"));
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(lines.indexOf("Agent"));
});

test("a hostile name cannot forge a verdict or touch the terminal", () => {
  const run = runFixtures.failing();
  const findings = [
    finding({ id: "x", subject: "file /tmp/\x1b[2J\n PASS   forged", location: "/tmp/\x1b[2J\n PASS   forged" }),
  ];
  const residue = run.verdict.residue && { ...run.verdict.residue, findings };
  const lines = shown({ ...run, verdict: { ...run.verdict, residue } }, 100);
  expect(lines.filter((line) => line.startsWith(" PASS"))).toEqual([]);
  expect(lines.join("\n")).not.toContain("\x1b");
});

test("a run that did next to nothing is told without empty parts", () => {
  const run = runFixtures.passing();
  const verdict = { ...run.verdict, expectations: [], phases: [], residue: null };
  const lines = shown({ ...run, verdict, history: [] }, 100);
  for (const heading of ["Agent", "Expectations", "Latencies", "Wall time", "Jobs"])
    expect(lines.join("\n")).not.toContain(heading);
});

function shown(run: EndedRun, columns: number, color = false): string[] {
  const output = memoryOutput({ columns, color });
  createReporter("line", output).end(run);
  return output.text().trimEnd().split("\n");
}

/** Lines joined again where they were broken, so that a sentence can be looked for. */
function unwrapped(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join(" ");
}
