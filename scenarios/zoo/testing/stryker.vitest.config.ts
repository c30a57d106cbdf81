import { resolve } from "node:path";

import { defineConfig } from "vitest/config";

/** What a mutant is judged by: the seeds alone. How much the unit tests see is another question. */
export default defineConfig({
  root: resolve(import.meta.dirname, "../../.."),
  test: { include: ["scenarios/zoo/testing/quick-profile.stryker.ts"], testTimeout: 60_000 },
});
