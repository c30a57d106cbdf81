import { globSync } from "node:fs";
import { resolve } from "node:path";

import { cruiseSources } from "./dependency-cruise.ts";

/**
 * Checks the import directions of `.dependency-cruiser.mjs`. A cruise that saw fewer modules than there are source
 * files is a failure too: without a TypeScript compiler of version 6 or older, dependency-cruiser sees none and is
 * content.
 */
const root = resolve(import.meta.dirname, "..");
const notOurs = new Set(["node_modules", ".scenarios", "coverage", ".git"]);
const sources = globSync("**/*.{ts,tsx}", { cwd: root, exclude: (name) => notOurs.has(name) });

const { modules, rules, violations } = await cruiseSources(root);
const unseen = sources.filter((source) => !modules.has(source));

for (const { rule, from, to } of violations) console.error(`${from} -> ${to}\n    ${rule}: ${rules.get(rule)}`);
if (unseen.length > 0) {
  console.error(
    `Only ${sources.length - unseen.length} of ${sources.length} source files were looked at; not ${unseen.slice(0, 5).join(", ")}. ` +
      "Look at the options of .dependency-cruiser.mjs and at the version of `typescript` in package.json.",
  );
}
if (violations.length > 0 || unseen.length > 0 || sources.length === 0) process.exitCode = 1;
console.log(`Import directions: ${sources.length} source files, ${violations.length} violations`);
