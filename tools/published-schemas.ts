import * as z from "zod";

import { historyActors, historyEvents } from "../protocol/history.ts";
import { SuiteRecord } from "../protocol/suite.ts";
import { RunVerdict } from "../protocol/verdict.ts";
import { GateReport } from "../reports/gate/gate.ts";
import { GatePolicy } from "../reports/gate/policy.ts";
import { JsonReportShape } from "../reports/json-shape.ts";

/** What is published in docs/schemas/, by its file's name: JSON schemas (draft 2020-12) of what may be written. */
const published = {
  "release-gate": { title: "Houseguest's release gate", schema: GatePolicy },
  "run-report": { title: "A run, as --reporter json tells it", schema: JsonReportShape },
  "run-verdict": { title: "verdict.json of a run", schema: RunVerdict },
  suite: { title: "suite.json beside the runs of a command", schema: SuiteRecord },
  "gate-report": { title: "What reports gate --json says", schema: GateReport },
  history: { title: "A line of history.jsonl", schema: historyLine() },
} as const satisfies Record<string, { readonly title: string; readonly schema: z.ZodType }>;

export type PublishedSchema = keyof typeof published;
export const publishedSchemas = Object.keys(published) as PublishedSchema[];

export function publishedJsonSchema(name: PublishedSchema): string {
  const { title, schema } = published[name];
  // Defaults need not be written, and readers of a history pass over what they do not know.
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io: "input" }) }, null, 2)}\n`;
}

/** One record, whose data are as its type has them. */
function historyLine(): z.ZodType {
  const lines = Object.entries(historyEvents).map(([type, data]) => {
    const actor = historyActors.find((one) => type.startsWith(`${one}.`)) ?? "harness";
    return z.strictObject({
      at: z.number().describe("ms since the epoch; in virtual time of that"),
      actor: z.literal(actor),
      source: z.string().describe("which one: an instance, a process, a run"),
      sequence: z.int().min(0).describe("counts the records of one source from 0"),
      type: z.literal(type),
      data,
    });
  });
  return z.union(lines);
}
