import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

import { planMounts, readMounts } from "../residue-scanner/collectors/files/mounts.ts";
import type { Surface } from "../residue-scanner/core/fact.ts";
import { takeSnapshot } from "../residue-scanner/scanner.ts";
import { hasAide, walkWithAide } from "./aide-walk.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";
import { WalkYardstick, type XattrMode, xattrModes } from "./walk-yardstick.ts";

const rounds = 7;
const listing = ["/", "-xdev", "-printf", "%p %y %i %n %s %m %U %G %T@ %C@\\n"];
const findTarget = 1.7;
const walkerTarget = 0.7;
const modeWords: Readonly<Record<XattrMode, string>> = {
  none: "no extended attributes",
  some: "extended attributes of the same entries",
  all: "extended attributes of all entries",
};

/** One walk: entries over its own time, and seconds of processor where they are known. */
interface Pace {
  readonly rate: number;
  readonly cpuSeconds: number;
}
type Round = Readonly<Record<string, Pace>>;

/**
 * Entries per second of the files of a whole host, with extended attributes where the snapshot reads them, against GNU
 * find that prints the same metadata, a C program with two threads that keeps nothing, and AIDE. Warm cache; every side
 * has its turn in every round, and a ratio is the median of the ratios within the rounds: the host may have other work.
 */
export const snapshotFiles: Benchmark = {
  name: "snapshot-files",
  async run() {
    const roots = planMounts(readMounts(), null).roots;
    const walker = WalkYardstick.build();
    try {
      const findEntries = countWithFind();
      await walkOurselves(["files"]);
      const done: Round[] = [];
      for (let round = 0; round < rounds; round += 1) done.push(await oneRound(walker, roots, findEntries));
      return [...againstFind(done), ...againstWalker(done, walker !== null), ...againstAide(done, roots)];
    } finally {
      walker?.remove();
    }
  },
};

async function oneRound(walker: WalkYardstick | null, roots: readonly string[], findEntries: number): Promise<Round> {
  const paces: Record<string, Pace> = { find: timeFind(findEntries), files: await walkOurselves(["files"]) };
  if (walker !== null) {
    for (const mode of xattrModes) {
      const { entries, seconds, cpuSeconds } = walker.walk(mode, roots);
      paces[mode] = { rate: entries / seconds, cpuSeconds };
    }
  }
  return { ...paces, whole: await walkOurselves(undefined) };
}

function againstFind(done: readonly Round[]): BenchmarkResult[] {
  const yardstick = `find ${listing.join(" ").replaceAll("\n", "\\n")}`;
  const files = compared(done, { subject: "residue snapshot, files", ours: "files", yardstick, theirs: "find" });
  const whole = compared(done, { subject: "residue snapshot, all surfaces", ours: "whole", yardstick, theirs: "find" });
  const notes = [`warm cache; ${availableParallelism()} processors, of which find uses one and the snapshot two`];
  return [
    { ...files, target: findTarget, notes },
    { ...whole, target: null, notes: [] },
  ];
}

function againstWalker(done: readonly Round[], isBuilt: boolean): BenchmarkResult[] {
  if (!isBuilt) {
    console.log("There is no C compiler here: no comparison with a walker in C.\n");
    return [];
  }
  const subject = "residue snapshot, files";
  return xattrModes.map((mode) => {
    const yardstick = `C walker, 2 threads, ${modeWords[mode]}`;
    const cpu = median(done.map((round) => (round[mode]?.cpuSeconds ?? 0) / (round["files"]?.cpuSeconds ?? 1)));
    return {
      ...compared(done, { subject, ours: "files", yardstick, theirs: mode }),
      // The other two are for comparison: one does less than the snapshot, one more.
      target: mode === "some" ? walkerTarget : null,
      notes: [`in processor time, which other work on the host disturbs less: ${cpu.toFixed(2)} ×`],
    };
  });
}

function againstAide(done: readonly Round[], roots: readonly string[]): BenchmarkResult[] {
  if (!hasAide()) {
    console.log(
      "AIDE is not installed here: no comparison with it. To have it: node tools/install-bench-packages.mjs\n",
    );
    return [];
  }
  const { entries, seconds } = walkWithAide(roots);
  const subjectRate = median(done.map((round) => round["files"]?.rate ?? Number.NaN));
  const sides = { subject: "residue snapshot, files", yardstick: "AIDE --init, metadata only", unit: "entries/s" };
  return [{ ...sides, subjectRate, yardstickRate: entries / seconds, target: null, rounds: 1, notes: [] }];
}

function compared(
  done: readonly Round[],
  { subject, ours, yardstick, theirs }: { subject: string; ours: string; yardstick: string; theirs: string },
): Omit<BenchmarkResult, "target" | "notes"> {
  const rate = (round: Round, side: string) => round[side]?.rate ?? Number.NaN;
  return {
    subject,
    yardstick,
    subjectRate: median(done.map((round) => rate(round, ours))),
    yardstickRate: median(done.map((round) => rate(round, theirs))),
    ratio: median(done.map((round) => rate(round, ours) / rate(round, theirs))),
    unit: "entries/s",
    rounds: done.length,
  };
}

async function walkOurselves(surfaces: readonly Surface[] | undefined): Promise<Pace> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const snapshot = await takeSnapshot({ workers: 2, ...(surfaces !== undefined && { surfaces }) });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const entries = snapshot.surfaces.find(({ surface }) => surface === "files")?.facts ?? 0;
  return { rate: entries / seconds, cpuSeconds: (user + system) / 1e6 };
}

function timeFind(entries: number): Pace {
  const started = performance.now();
  const { error } = spawnSync("find", listing, { stdio: ["ignore", "ignore", "ignore"] });
  if (error !== undefined) throw error;
  return { rate: entries / ((performance.now() - started) / 1000), cpuSeconds: Number.NaN };
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
