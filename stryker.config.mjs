import { join } from "node:path";

/** Each mutant is judged in a process of its own, of the same modules: they are compiled once. */
const compiled = join(import.meta.dirname, ".scenarios", "compiled");

/**
 * Mutates every line of both cores, one by one, and asks the simulator's quick profile which it sees: `npm run mutate`,
 * for some files `npm run mutate -- --mutate agent/core/pause.ts`. Takes half an hour or more, so it runs now and then, to find
 * what neither a property nor the generator reaches; the zoo holds what was learned from it.
 */
export default {
  testRunner: "command",
  commandRunner: { command: `NODE_COMPILE_CACHE=${compiled} node scenarios/zoo/testing/judge-mutant.ts` },
  mutate: ["agent/core/**/*.ts", "broker-sim/core/**/*.ts", "!**/*.test.ts"],
  plugins: ["./scenarios/zoo/testing/ignore-words.mjs"],
  ignorers: ["words"],
  mutator: {
    // Reasons, messages and log lines are for people: no property may depend on their words, so none sees them change.
    excludedMutations: ["StringLiteral"],
  },
  ignoreStatic: false,
  disableTypeChecks: false,
  concurrency: 2,
  // A mutant that never ends is found by that.
  timeoutMS: 5_000,
  timeoutFactor: 3,
  reporters: ["progress-append-only", "clear-text", "json"],
  jsonReporter: { fileName: ".scenarios/stryker.json" },
  tempDirName: ".scenarios/stryker",
  ignorePatterns: [".scenarios", "coverage", "*.log"],
};
