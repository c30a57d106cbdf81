import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { SlowFilesFirst } from "./tools/slow-files-first.ts";
import { tallyVariable } from "./tools/tally.ts";
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
 * What decides and touches nothing: no process, no file, no clock. Its tests replace no module (`vi.mock`): those of
 * other files have it loaded already.
 */
const pure = [
  "foundation",
  "protocol",
  "agent/core",
  "broker-sim/core",
  "residue-scanner/core",
  "scenarios/checkers",
  "scenarios/simulator",
  "reports/figures",
  "reports/summary",
  "reports/text",
].map((room) => `${room}/**/*.test.ts`);

/**
 * What plays agents and brokers in virtual time, in threads and programs of its own. The same seed comes to the same,
 * or determinism is broken.
 */
const virtual = ["scenarios/catalog", "scenarios/simulating", "scenarios/stages/sim", "scenarios/zoo"].map(
  (room) => `${room}/**/*.test.ts`,
);

/** The broker and its clients: servers on the loopback interface, whose tests wait for no time to be over. */
const broker = ["broker-sim/**/*.test.ts"];

/** What reads what runs left, and writes files of its own. */
const reports = ["reports/**/*.test.ts"];

/**
 * Host tests that prove that nothing is seen where nobody does anything, that look for what only others at work would
 * leave, or judge how long something took: nothing else of the suite goes on beside them.
 */
const alone = [
  "residue-scanner/commands/abandoned",
  "residue-scanner/planted-residue",
  "scenarios/lifecycle",
  "scenarios/side-by-side",
  "tools/suite-residue",
].map((file) => `${file}.host.test.ts`);

/**
 * When CI runs the whole suite, a test of real processes that failed is tried once more, and told as flaky with its first
 * error when it passes then (`tally.ts`): one in thousands that a strange machine upsets is to be seen, and not to hold up
 * everything else. Nowhere else: whoever works on a test is to see it fail, and so is the night, which has no such list.
 */
const retry = process.env["CI"] === "true" && process.env[tallyVariable] !== undefined ? 1 : 0;

const sideBySide = {
  sequence: { groupOrder: 1 },
  env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled },
  // Many start real processes, and share the processors with the other files: a deadline that is over tells of a test
  // that hangs, and not of a machine that is slow.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  // Vitest's own is one second.
  expect: { poll: { timeout: 60_000 } },
};

/** Of tests that read or change the whole machine. */
const oneByOne = {
  fileParallelism: false,
  retry,
  // A scenario takes ten seconds on a machine of its own, and ten times that beside others who scan it too.
  testTimeout: 300_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
};

/**
 * Groups, one after the other. `pure` tests what decides: several files in a process, which loads what they test
 * once, because loading it anew for each of them takes three times as long as testing it. `unit`, `virtual`, `broker` and `reports` run
 * side by side, each file in a process of its own. `host` reads or changes the whole machine (`*.host.test.ts`): one file after the
 * other, because a scan of the host would see the other tests at work, and a job that forks without pause would starve
 * them. `alone` are those of them that bear nobody beside them. `npm test` without arguments has `pure`, `virtual`,
 * `broker` and `reports` wait for the processor time that `host` leaves (`tools/suite-parts.ts`).
 */
export default defineConfig({
  test: {
    // One more than processors where there are two: a third of the time of those that start programs they wait.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: SlowFilesFirst },
    projects: [
      {
        test: {
          name: "pure",
          include: pure,
          exclude: ["**/*.host.test.ts"],
          isolate: false,
          sequence: { groupOrder: 0 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "virtual",
          include: virtual,
          exclude: ["**/*.host.test.ts"],
          ...sideBySide,
        },
      },
      {
        test: {
          name: "broker",
          include: broker,
          exclude: pure,
          ...sideBySide,
          retry,
        },
      },
      {
        test: {
          name: "reports",
          include: reports,
          exclude: pure,
          ...sideBySide,
          retry,
        },
      },
      {
        test: {
          name: "unit",
          include: ours.map((room) => `${room}/**/*.test.ts`),
          exclude: ["**/*.host.test.ts", ...pure, ...virtual, ...broker, ...reports],
          ...sideBySide,
          retry,
        },
      },
      {
        test: {
          name: "host",
          include: ours.map((room) => `${room}/**/*.host.test.ts`),
          exclude: alone,
          sequence: { groupOrder: 2 },
          ...oneByOne,
        },
      },
      {
        test: {
          name: "alone",
          include: alone,
          sequence: { groupOrder: 3 },
          ...oneByOne,
        },
      },
    ],
  },
});
