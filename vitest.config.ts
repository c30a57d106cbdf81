import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { SlowFilesFirst } from "./tools/slow-files-first.ts";
import { compiledVariable } from "./tools/temporary-place.ts";

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
 * Node strips and compiles a program's modules anew at each of its starts, and the tests start some thousands. They
 * share what one compiled, in a directory that `npm test` makes and removes. Not the `host` group: its programs are to
 * leave nothing on the host, and this would be something.
 */
const { [compiledVariable]: compiled } = process.env;

/**
 * Two groups. `unit` runs side by side. `host` reads or changes the whole machine (`*.host.test.ts`): one file after
 * the other, after all of `unit`, because a scan of the host would see the other tests at work, and a job that forks
 * without pause would starve them.
 */
export default defineConfig({
  test: {
    // Not more than processors where there are two: tests with deadlines of their own run beside each other.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: SlowFilesFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ours.map((room) => `${room}/**/*.test.ts`),
          exclude: ["**/*.host.test.ts"],
          sequence: { groupOrder: 0 },
          env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled },
          // Many start real processes, and share the processors with the other files: a deadline that is over tells of a
          // test that hangs, and not of a machine that is slow.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Vitest's own is one second.
          expect: { poll: { timeout: 60_000 } },
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
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
