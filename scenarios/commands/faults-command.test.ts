import { expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { FaultSpec } from "../faults/fault-spec.ts";
import { runMain } from "../testing/run-main.ts";

const kinds = FaultSpec.options.map(({ shape }) => shape.kind.value);

it("lists every kind in lines of 80, with what it does, needs and proves, and whether it can be had here", async () => {
  const { exitCode, stdout } = await runMain(["faults"]);
  const lines = stdout.split("\n");
  expect(exitCode).toBe(0);
  expect(lines.filter((line) => /^\S/.test(line)).sort()).toEqual([...kinds].sort());
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.filter((line) => / (does|needs|here|proves|on):/.test(line))).toHaveLength(5 * kinds.length);
});

it("says as JSON what is missing, with a remedy, or null", async () => {
  const { stdout, stderr, exitCode } = await runMain(["faults", "--json"]);
  const listed = jsonOf({ stdout, stderr, exitCode }) as {
    name: string;
    missing: { why: string; remedy: string } | null;
  }[];
  expect(listed.map(({ name }) => name).sort()).toEqual([...kinds].sort());
  for (const { missing } of listed) {
    if (missing !== null) expect([missing.why, missing.remedy].every((text) => /^[A-Z].*\.$/.test(text))).toBe(true);
  }
});
