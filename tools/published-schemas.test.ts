import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

import { type PublishedSchema, publishedJsonSchema, publishedSchemas } from "./published-schemas.ts";
import { runFixtures } from "../reports/testing/run-fixtures.ts";
import { gate, passing, policy } from "../reports/testing/ask-gate.ts";
import { memoryOutput } from "../reports/testing/memory-output.ts";
import { reportSeries } from "../reports/report-series.ts";
import type { SuiteRecord } from "../protocol/suite.ts";

test.each(publishedSchemas)("docs/schemas/%s.schema.json is current (if not: npm run schemas)", (name) => {
  const file = resolve(import.meta.dirname, `../docs/schemas/${name}.schema.json`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(publishedJsonSchema(name)));
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
for (const name of publishedSchemas) ajv.addSchema(JSON.parse(publishedJsonSchema(name)) as object, name);

/** What is wrong with a document by the schema that is published for it. */
function problems(name: PublishedSchema, document: unknown): string[] {
  if (ajv.validate(name, document)) return [];
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe.each(Object.entries(runFixtures))("what programs are told of a run: %s", (_, make) => {
  const { verdict, history, runDirectory } = make();
  const place = { entries: 2, position: 0, repeat: 1, repeats: 1, attempt: 2, attemptsMax: 2 };

  test.each([1, 2])("alone, or as one of %d entries", (entries) => {
    const output = memoryOutput();
    const attempts = entries === 1 ? { attempt: 1, attemptsMax: 1 } : {};
    const lostEvidence = ["The last line is torn."];
    reportSeries("json", output)
      .next({ ...place, ...attempts, entries })
      .end({ verdict, history, runDirectory, lostEvidence });
    expect(problems("run-report", JSON.parse(output.text()))).toEqual([]);
    expect(problems("run-verdict", JSON.parse(JSON.stringify(verdict)))).toEqual([]);
  });

  test("its history", () => {
    const valid = (record: unknown) => ajv.validate("history", JSON.parse(JSON.stringify(record)));
    expect(history.filter((record) => !valid(record))).toEqual([]);
    expect(valid({ ...history[0], type: "run.begun" })).toBe(false);
    expect(valid({ ...history[0], data: {} })).toBe(false);
  });
});

test("what programs are told of an entry that this machine cannot run, and of all of them", () => {
  const skipped = { why: "No controller limits memory.", remedy: "Mount it." };
  const entry = { position: 0, scenario: "soak", repeat: 1, repeats: 1, seed: "s", attempts: [], skipped };
  const record: SuiteRecord = {
    ...{ version: 1, stage: "host", startedAt: 0, endedAt: 1, planned: 1, shard: null },
    entries: [{ ...entry, outcome: "skipped" }],
  };
  const output = memoryOutput();
  reportSeries("json", output).close({ record, again: null });
  expect(problems("run-report", JSON.parse(output.text()))).toEqual([]);
  expect(problems("suite", record)).toEqual([]);
  expect(problems("suite", { ...record, entries: [{ ...entry, outcome: "lost" }] })).not.toEqual([]);
});

test("what programs are told by the gate", () => {
  const asked = {
    policy: policy({ scenarios: [{ scenario: "soak" }], latencies: [{ latency: "withdrawal", p50MsMax: 1 }] }),
  };
  for (const { blocking: _, ...report } of [gate(), gate(asked), gate({ runs: [passing({ residue: null })] })]) {
    expect(problems("gate-report", report)).toEqual([]);
    expect(problems("gate-report", { ...report, result: "passed" })).not.toEqual([]);
  }
});
