import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { readCases } from "./case-list.ts";
import { caseRemarks } from "./case-remarks.ts";
import { caseTable } from "./case-table.ts";
import { readWitnesses } from "./read-witnesses.ts";

/** `npm run cases`: writes the table of cases and what tries them anew. */
const root = resolve(import.meta.dirname, "..");
const file = join(root, "docs/cases-tested.md");
const cases = readCases(readFileSync(join(root, "docs/cases.md"), "utf8"));
writeFileSync(file, caseTable(cases, readWitnesses(root), caseRemarks));
console.log("docs/cases-tested.md is current.");
