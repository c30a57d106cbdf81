import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Ajv } from "ajv";

/**
 * Holds a log against the schema of SARIF 2.1.0 as OASIS publishes it.
 *
 * @returns what is wrong with it, empty where nothing is
 */
export function sarifProblems(log: unknown): string[] {
  return validate(log) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const validate = compile();

/** Of what the schema uses, draft 4 of JSON Schema, in which it is written, differs from what Ajv reads in `id` only. */
function compile() {
  const path = join(import.meta.dirname, "sarif-schema-2.1.0.json");
  const { id: $id, $schema: _, ...schema } = JSON.parse(readFileSync(path, "utf8")) as { id: string; $schema: string };
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: {
      uri: (text: string) => URL.canParse(text),
      "uri-reference": (text: string) => URL.canParse(text, "file:///") && !/[\s"<>\\^`{|}]/.test(text),
      "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
    },
  });
  return ajv.compile({ ...schema, $id });
}
