import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

const ours = [
  "foundation",
  "protocol",
  "agent",
  "broker-sim",
  "residue-scanner",
  "scenarios",
  "reports",
  "bench",
  "tools",
];

/**
 * Two groups. `unit` runs side by side. `host` reads or changes the whole machine (`*.host.test.ts`): one file after
 * the other, after all of `unit`, because a scan of the host would see the other tests at work.
 */
export default defineConfig({
  test: {
    // Many tests wait for processes rather than for the processor: two side by side also where there are two processors.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ours.map((room) => `${room}/**/*.test.ts`),
          exclude: ["**/*.host.test.ts"],
          sequence: { groupOrder: 0 },
          // Many start real processes, and share the processors with the other files.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "host",
          include: ours.map((room) => `${room}/**/*.host.test.ts`),
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
