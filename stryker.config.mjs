/**
 * Mutates every line of both cores, one by one, and asks the simulator's quick profile which it sees: `npm run mutate`,
 * for some files `npm run mutate -- --mutate agent/core/pause.ts`. Takes half an hour or more, so it runs now and then,
 * to find what neither a property nor the generator reaches; the zoo holds what was learned from it.
 */
export default {
  testRunner: "seeds",
  mutate: ["agent/core/**/*.ts", "broker-sim/core/**/*.ts", "!**/*.test.ts"],
  plugins: ["./scenarios/zoo/testing/ignore-words.mjs", "./scenarios/zoo/testing/judge-mutants.ts"],
  coverageAnalysis: "perTest",
  ignorers: ["words"],
  mutator: {
    // Reasons, messages and log lines are for people: no property may depend on their words, so none sees them change.
    excludedMutations: ["StringLiteral"],
  },
  ignoreStatic: false,
  disableTypeChecks: false,
  concurrency: 2,
  // Endless loops are known by how often they come by the mutant. This is for what never ends without coming by again,
  // and far off, so that a busy machine makes no mutant look found.
  timeoutMS: 30_000,
  timeoutFactor: 3,
  reporters: ["progress-append-only", "clear-text", "json"],
  jsonReporter: { fileName: ".scenarios/stryker.json" },
  tempDirName: ".scenarios/stryker",
  ignorePatterns: [".scenarios", "coverage", "*.log"],
};
