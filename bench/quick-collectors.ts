import { surfaces as allSurfaces } from "../residue-scanner/core/fact.ts";
import { readAllButFiles, readQuickSurfaces } from "../residue-scanner/take-snapshot.ts";
import { type Benchmark, median } from "./benchmark.ts";

const rounds = 15;
const msMost = 60;
const slowestShown = 4;

/** Processor time of a reading of everything but the files, and what thousands of rare settings add to it. */
export const quickCollectors: Benchmark = {
  name: "quick-collectors",
  async run() {
    const wanted = new Set(allSurfaces.filter((surface) => surface !== "files"));
    const cpuMs: number[] = [];
    const bySurface = new Map<string, number[]>();
    // The first reading loads and compiles what the others use.
    await readQuickSurfaces(wanted);
    for (let round = 0; round < rounds; round += 1) {
      const before = process.cpuUsage();
      const { surfaces } = await readQuickSurfaces(wanted);
      const { user, system } = process.cpuUsage(before);
      cpuMs.push((user + system) / 1000);
      for (const { surface, durationMs } of surfaces) {
        bySurface.set(surface, [...(bySurface.get(surface) ?? []), durationMs]);
      }
    }
    const wholeMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = process.cpuUsage();
      await readAllButFiles(wanted);
      const { user, system } = process.cpuUsage(before);
      wholeMs.push((user + system) / 1000);
    }
    const slowest = [...bySurface]
      .map(([surface, times]) => ({ surface, ms: median(times) }))
      .sort((one, other) => other.ms - one.ms)
      .slice(0, slowestShown);
    return [
      {
        what: `processor time of all ${wanted.size} collectors but the files', median of ${rounds} rounds`,
        measured: median(cpuMs),
        most: msMost,
        unit: "ms",
        notes: [
          `${median(wholeMs).toFixed(1)} ms with the settings of devices and traced events, which the walk through the files hides`,
          `the slowest, in ms on the clock: ${slowest.map(({ surface, ms }) => `${surface} ${ms.toFixed(1)}`).join(", ")}`,
        ],
      },
    ];
  },
};
