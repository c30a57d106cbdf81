import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { policyJsonSchema } from "./policy-json-schema.ts";

/** `npm run policy-schema`: writes the JSON schema of the release gate's policy anew. */
writeFileSync(resolve(import.meta.dirname, "../docs/release-gate.schema.json"), policyJsonSchema());
console.log("docs/release-gate.schema.json is current.");
