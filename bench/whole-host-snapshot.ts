import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { countEntries } from "../residue-scanner/core/packed-tree.ts";
import { takeSnapshot } from "../residue-scanner/scanner.ts";
import { type Benchmark, median } from "./benchmark.ts";

const rounds = 7;
const listing = ["/", "-xdev", "-printf", "%p %s %m %U %G %T@\\n"];

/**
 * Entries per second of a whole snapshot (all file systems and all other surfaces) against GNU find printing the root
 * file system's metadata. Alternating rounds with a warm cache; each side's rate is its own entries over its own time.
 */
export const wholeHostSnapshot: Benchmark = {
  name: "whole-host-snapshot",
  async run() {
    const findEntries = countWithFind();
    await takeSnapshot();
    const findRates: number[] = [];
    const ourRates: number[] = [];
    let ourEntries = 0;
    for (let round = 0; round < rounds; round += 1) {
      findRates.push(findEntries / timeFind());
      const started = performance.now();
      ourEntries = countEntries((await takeSnapshot()).files);
      ourRates.push(ourEntries / ((performance.now() - started) / 1000));
    }
    return [
      {
        subject: "residue snapshot, whole host",
        yardstick: `find ${listing.join(" ").replaceAll("\n", "\\n")}`,
        subjectRate: median(ourRates),
        yardstickRate: median(findRates),
        unit: "entries/s",
        target: 1,
        rounds,
        notes: [
          `${ourEntries} entries on all file systems against ${findEntries} on the root file system; warm cache`,
          `${availableParallelism()} processors; find uses one of them`,
        ],
      },
    ];
  },
};

/** @returns seconds */
function timeFind(): number {
  const started = performance.now();
  const { error } = spawnSync("find", listing, { stdio: ["ignore", "ignore", "ignore"] });
  if (error !== undefined) throw error;
  return (performance.now() - started) / 1000;
}

/** One character an entry, because a name may hold a newline. */
function countWithFind(): number {
  const { stdout, error } = spawnSync("find", ["/", "-xdev", "-printf", "x"], {
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 30,
  });
  if (error !== undefined) throw error;
  return stdout.length;
}
