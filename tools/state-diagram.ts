import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { withStateDiagrams } from "./mermaid-states.ts";

/** `npm run diagram`: draws the state tables into ARCHITECTURE.md anew. */
const file = resolve(import.meta.dirname, "../ARCHITECTURE.md");
const before = readFileSync(file, "utf8");
const after = withStateDiagrams(before);
if (after !== before) writeFileSync(file, after);
console.log(after === before ? "The diagrams were current." : "The diagrams were drawn anew.");
