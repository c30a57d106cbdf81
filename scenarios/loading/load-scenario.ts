import { resolve } from "node:path";

import { completeScenario, type DefinedScenario, type ScenarioDefinition } from "../steps/define-scenario.ts";
import type { Scenario } from "../steps/scenario.ts";
import { fileProblems } from "./file-problem.ts";
import { importFile } from "./import-file.ts";

/**
 * Loads a scenario that a user wrote.
 *
 * @param whole whether its steps and expectations are looked at as well, for which more has to be loaded
 * @throws UsageError `bad-file`, naming file, line and what was probably meant
 */
export async function loadScenario(path: string, { whole }: { readonly whole: boolean }): Promise<Scenario> {
  const file = resolve(path);
  const { default: exported } = await importFile(file);
  if (!isDefined(exported)) {
    const what = exported === undefined ? "it has no default export" : "its default export is no scenario";
    const message = `${what}: write \`export default defineScenario({ … })\``;
    throw fileProblems(file, [{ path: [], message }]);
  }
  const { definition } = exported;
  const problem = headProblem(definition);
  if (problem !== undefined) throw fileProblems(file, [problem]);
  if (whole) {
    const { definitionProblems } = await import("./check-definition.ts");
    const problems = definitionProblems(definition);
    if (problems.length > 0) throw fileProblems(file, problems);
  }
  return completeScenario(definition, file);
}

function isDefined(value: unknown): value is DefinedScenario {
  if (typeof value !== "object" || value === null || !("definition" in value)) return false;
  return typeof value.definition === "object" && value.definition !== null;
}

/** What the list shows must be there; the rest is looked at when it is needed. */
function headProblem({ name, steps, expectations }: Partial<ScenarioDefinition>) {
  if (typeof name !== "string") return { path: ["name"], message: "a scenario needs a name" };
  if (!/^[a-z][a-z0-9-]{0,60}$/.test(name)) {
    return { path: ["name"], text: name, message: `"${name}" is no name: use a-z, 0-9 and hyphens, a letter first` };
  }
  for (const [field, value] of Object.entries({ steps, expectations })) {
    if (Array.isArray(value) || typeof value === "function") continue;
    return { path: [field], message: `a scenario needs ${field}: a list, or a function that gives one` };
  }
  return undefined;
}
