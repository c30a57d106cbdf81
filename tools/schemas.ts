import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { publishedJsonSchema, publishedSchemas } from "./published-schemas.ts";

/** `npm run schemas`: writes the JSON schemas in docs/schemas/ anew. */
for (const name of publishedSchemas) {
  writeFileSync(resolve(import.meta.dirname, `../docs/schemas/${name}.schema.json`), publishedJsonSchema(name));
}
console.log(`docs/schemas/ is current: ${publishedSchemas.join(", ")}.`);
