import { nearest } from "../../foundation/nearest.ts";
import type { CheckerSettings, SettingTable } from "./setting.ts";

/** What is wrong with one of a checker's settings. */
export interface SettingProblem {
  /** Undefined where one is missing. */
  readonly name: string | undefined;
  readonly message: string;
}

/** What is wrong with what a checker is told: names that it does not know, values that it cannot take, what it needs. */
export function settingProblems(
  { checker, table }: { readonly checker: string; readonly table: SettingTable },
  settings: CheckerSettings,
): SettingProblem[] {
  const names = Object.keys(table);
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(table, name));
  const problems = unknown.map((name): SettingProblem => {
    const meant = nearest(name, names);
    const has = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
    const next = meant === undefined ? has : `did you mean "${meant}"?`;
    return { name, message: `the checker "${checker}" has no setting "${name}": ${next}` };
  });
  for (const [name, { needed, takes, says, names: words, isRight }] of Object.entries(table)) {
    const value = settings[name];
    if (value === undefined) {
      if (!needed) continue;
      const message = `the checker "${checker}" needs the setting "${name}" (${takes}): ${says}`;
      // One that is misspelt is told once.
      if (!problems.some((problem) => problem.message.endsWith(`"${name}"?`)))
        problems.push({ name: undefined, message });
    } else if (!isRight(value)) {
      const wrong = typeof value === "string" ? value.split(",").find((word) => !words.includes(word)) : undefined;
      const meant = wrong === undefined ? undefined : nearest(wrong, words);
      const next = meant === undefined ? `it takes ${takes}` : `did you mean "${meant}"?`;
      const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
      problems.push({ name, message: `the setting "${name}" of the checker "${checker}" cannot be ${shown}: ${next}` });
    }
  }
  return problems;
}
