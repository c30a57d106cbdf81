import type { Benchmark } from "./benchmark.ts";
import { measuredChild } from "./measured-child.ts";

/** The target is in megabytes; 250 of them are 238.4 MiB. */
const megabyte = 1e6;
const megabytesMost = 250;
/** As bin/residue.mjs has it: the same flags on the command line do less. */
const flags = ["--import", new URL("../bin/small-heap.mjs", import.meta.url).href];

interface Measured {
  readonly peakBytes: number;
  readonly entries: number;
  readonly fileBytes: number;
  readonly saveMs: number;
  readonly loadMs: number;
}

/** The most that a process ever held in memory that reads the whole host, keeps that in a file, and does nothing else. */
export const scanMemory: Benchmark = {
  name: "scan-memory",
  run() {
    const measure = (readings: number) =>
      measuredChild(new URL("./measure-scan-memory.ts", import.meta.url), [String(readings)], flags) as Measured;
    const [once, twice] = [measure(1), measure(2)];
    const result = {
      what: `peak memory of a snapshot of ${once.entries} entries into a file`,
      measured: once.peakBytes / megabyte,
      most: megabytesMost,
      unit: "MB",
      notes: [
        `the file takes ${(once.fileBytes / megabyte).toFixed(1)} MB, written in ${once.saveMs.toFixed(0)} ms, read in ${once.loadMs.toFixed(0)} ms by another process`,
        `a snapshot, kept as residue run keeps it, another one after it, and their difference: ${Math.round(twice.peakBytes / megabyte)} MB`,
      ],
    };
    return Promise.resolve([result]);
  },
};
