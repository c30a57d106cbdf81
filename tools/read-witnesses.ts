import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { assert } from "../foundation/assert.ts";
import { catalog } from "../scenarios/catalog/catalog.ts";
import { checkers } from "../scenarios/checkers/registry.ts";
import { citedCases } from "./case-citations.ts";
import type { Witness } from "./case-table.ts";
import { docComments } from "./doc-comments.ts";
import { testTitles } from "./test-titles.ts";

const tests = "{agent,broker-sim,foundation,protocol,reports,residue-scanner,scenarios,bench}/**/*.{test,contract}.ts";

/**
 * Everything below `root` that names a case, sorted by file: tests in their titles, scenarios and properties in their
 * docstrings («docs/cases.md, case 3»). Our own tools' tests name cases to try the naming, and are left out.
 */
export function readWitnesses(root: string): Witness[] {
  return [
    ...globSync(tests, { cwd: root })
      .sort()
      .flatMap((file) => testsOf(root, file)),
    ...catalog.flatMap(({ name }) => documented(root, "scenario", `scenarios/catalog/${name}.ts`)),
    ...Object.keys(checkers)
      .sort()
      .flatMap((name) => documented(root, "property", checkerFile(root, name))),
  ];
}

/** A checker's file has its name, and stands among the checkers, or in whichever folder of theirs it belongs to. */
function checkerFile(root: string, name: string): string {
  const [file, ...others] = globSync(`scenarios/checkers/{*/,}${name}.ts`, { cwd: root });
  assert(file !== undefined, `the checker ${name} has a file of its own`);
  assert(others.length === 0, `there is one checker ${name}`);
  return file;
}

function testsOf(root: string, file: string): Witness[] {
  const titles = testTitles(readFileSync(join(root, file), "utf8"));
  const named = titles.filter(({ path }) => citedCases(path.at(-1) ?? "").length > 0);
  return named.map(({ path }) => ({ kind: "test", name: path.join(" › "), file, cites: path.at(-1) ?? "" }));
}

function documented(root: string, kind: "scenario" | "property", file: string): Witness[] {
  const comments = docComments(readFileSync(join(root, file), "utf8"));
  const cites = comments.flatMap((comment) => /docs\/cases\.md, cases? .*/.exec(comment) ?? []).join("; ");
  return citedCases(cites).length > 0 ? [{ kind, name: basename(file, ".ts"), file, cites }] : [];
}
