import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { expect, test } from "vitest";

import { policyJsonSchema } from "./policy-json-schema.ts";

test("docs/release-gate.schema.json is current (if not: npm run policy-schema)", () => {
  const file = resolve(import.meta.dirname, "../docs/release-gate.schema.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(policyJsonSchema()));
});
