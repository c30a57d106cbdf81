import type { Benchmark } from "./benchmark.ts";
import { measuredChild } from "./measured-child.ts";

const mebibyte = 1024 ** 2;
const mebibytesMost = 250;
/** As bin/residue.mjs has them. */
const flags = ["--semi-space-growth-factor=1"];

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
      measured: once.peakBytes / mebibyte,
      most: mebibytesMost,
      unit: "MiB",
      notes: [
        `the file takes ${(once.fileBytes / mebibyte).toFixed(1)} MiB, written in ${once.saveMs.toFixed(0)} ms, read in ${once.loadMs.toFixed(0)} ms by another process`,
        `a snapshot, kept as residue run keeps it, another one after it, and their difference: ${Math.round(twice.peakBytes / mebibyte)} MiB`,
      ],
    };
    return Promise.resolve([result]);
  },
};
