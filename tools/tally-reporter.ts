import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

import { type Tally, tallyVariable } from "./tally.ts";

/** A vitest reporter that leaves the counts, the failures, what was flaky and the reasons of all skips for `run-suite.ts`. */
export default class TallyReporter implements Reporter {
  #namePattern: RegExp | undefined;

  onInit(vitest: Vitest): void {
    this.#namePattern = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const file = process.env[tallyVariable];
    if (file === undefined) return;
    const tally: Tally = { passed: 0, failures: [], flaky: [], skips: [] };
    for (const module of modules) {
      addErrors(tally, module, module.relativeModuleId);
      for (const suite of module.children.allSuites()) {
        addErrors(tally, suite, `${module.relativeModuleId} > ${suite.fullName}`);
      }
      for (const test of module.children.allTests()) this.#addTest(tally, module, test);
    }
    for (const error of unhandledErrors) tally.failures.push(`an error outside of any test: ${error.message}`);
    writeFileSync(file, JSON.stringify(tally));
  }

  #addTest(tally: Tally, module: TestModule, test: TestCase): void {
    const name = `${module.relativeModuleId} > ${test.fullName}`;
    const result = test.result();
    if (result.state === "passed") {
      tally.passed += 1;
      if (test.diagnostic()?.flaky === true) tally.flaky.push({ name, error: firstError(result.errors) });
    } else if (result.state === "failed") tally.failures.push(name);
    else if (result.state === "pending") tally.failures.push(`${name} (it did not come to an end)`);
    // What `-t PATTERN` leaves out was not asked for, and is not skipped.
    else if (this.#namePattern?.test(test.fullName) !== false) {
      tally.skips.push({ name, reason: reasonOf(result.note) });
    }
  }
}

/** A file that cannot be loaded and a failed beforeAll belong to no test; each counts as one failure. */
function addErrors(tally: Tally, part: TestModule | TestSuite, name: string): void {
  if (part.errors().length > 0) tally.failures.push(`${name} (before or after its tests)`);
}

function reasonOf(note: string | undefined): string {
  return note ?? "its name says why";
}

/** Of the tries of a test that passed at last. */
function firstError(errors: readonly SerializedError[] | undefined): string {
  return errors?.[0]?.message ?? "its error was not kept";
}
