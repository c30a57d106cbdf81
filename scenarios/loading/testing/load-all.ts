import { HouseguestError } from "../../../foundation/errors.ts";
import { loadScenario } from "../load-scenario.ts";

/**
 * Loads the files that it is given, in a process of its own: a test runner has its own ways to load modules, and these
 * are the real ones. Prints a JSON list of what became of each.
 */
const results = [];
for (const file of process.argv.slice(2)) {
  try {
    const scenario = await loadScenario(file, { whole: true });
    const [steps, expectations] = [scenario.steps(scenario.defaults).length, scenario.expectations(scenario.defaults)];
    results.push({ ...scenario, steps, expectations });
  } catch (error) {
    if (!(error instanceof HouseguestError)) throw error;
    results.push({ message: error.message, code: error.code, exitCode: error.exitCode });
  }
}
process.stdout.write(JSON.stringify(results));
