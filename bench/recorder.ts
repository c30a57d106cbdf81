import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { type Recorder, startRecorder } from "../residue-scanner/scanner.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";

const rounds = 5;
const creates = 200_000;
/** 2.5 µs of the recorder's processor time for each file. */
const createsPerCpuSecondTarget = 400_000;
/** In memory, where files are made fastest. */
const place = existsSync("/dev/shm") ? "/dev/shm" : realpathSync(tmpdir());
const burst = `
const { closeSync, openSync } = require("node:fs");
const started = performance.now();
for (let index = 0; index < ${creates}; index += 1) closeSync(openSync(process.argv[1] + "/file-" + index, "wx"));
console.log(performance.now() - started);`;

/**
 * One process that makes 200,000 files as fast as it can, recorded and not recorded in turn. Every file must be
 * attributed to that process and nothing may be lost, or there is no figure. Needs root.
 */
export const recorder: Benchmark = {
  name: "recorder",
  async run() {
    const recordedRates: number[] = [];
    const plainRates: number[] = [];
    const recorderRates: number[] = [];
    let status = "";
    for (let round = 0; round < rounds; round += 1) {
      plainRates.push(creates / (await inDirectory((directory) => makeFiles(directory))).seconds);
      const recorded = await inDirectory(recordFiles);
      recordedRates.push(creates / recorded.seconds);
      recorderRates.push(creates / recorded.cpuSeconds);
      status = recorded.status;
    }
    return resultsOf({ recordedRates, plainRates, recorderRates, status });
  },
};

function resultsOf(of: {
  recordedRates: number[];
  plainRates: number[];
  recorderRates: number[];
  status: string;
}): BenchmarkResult[] {
  const [recorded, plain, own] = [median(of.recordedRates), median(of.plainRates), median(of.recorderRates)];
  const common = { yardstick: "making files, not recorded", yardstickRate: plain, rounds };
  return [
    {
      ...common,
      subject: "making files, recorded",
      subjectRate: recorded,
      unit: "files/s",
      target: null,
      notes: [
        `0 of ${creates} files lost, all attributed to their maker, in each round`,
        `the burst takes ${(plain / recorded).toFixed(2)} × as long when it is recorded`,
        `the recorder's sources: ${of.status}`,
      ],
    },
    {
      ...common,
      subject: "the recorder's share of a processor",
      subjectRate: own,
      unit: "files/s",
      target: null,
      rateTarget: createsPerCpuSecondTarget,
      notes: [`${(1e6 / own).toFixed(2)} µs of the recorder's processor time for each file`],
    },
  ];
}

async function recordFiles(directory: string): Promise<{ seconds: number; cpuSeconds: number; status: string }> {
  const recorder = await startRecorder();
  try {
    const before = process.cpuUsage();
    const { seconds, pid } = await makeFiles(directory);
    recorder.touchesOf([directory]);
    const { user, system } = process.cpuUsage(before);
    const { sources } = await recorder.stop();
    const status = sources.map(({ source, status, detail }) => `${source} ${status} ${detail}`.trim()).join(", ");
    const missing = creates - attributed(recorder, { directory, pid });
    if (missing > 0 || sources.some(({ status }) => status === "lost" || status === "not-permitted"))
      throw new Error(`${missing} of ${creates} files are not attributed to their maker (${status}).`);
    return { seconds, cpuSeconds: (user + system) / 1e6, status };
  } finally {
    await recorder.close();
  }
}

function attributed(recorder: Recorder, { directory, pid }: { directory: string; pid: number }): number {
  const { processes } = recorder.recording();
  const paths = Array.from({ length: creates }, (_, index) => join(directory, `file-${index}`));
  return [...recorder.touchesOf(paths).values()].filter(
    ([touch, ...others]) => others.length === 0 && processes.get(touch?.by ?? -1)?.pid === pid,
  ).length;
}

async function makeFiles(directory: string): Promise<{ seconds: number; pid: number }> {
  const child = spawn(process.execPath, ["-e", burst, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const output = text(child.stdout);
  await once(child, "exit");
  return { seconds: Number(await output) / 1000, pid: child.pid ?? 0 };
}

async function inDirectory<T>(act: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(place, "houseguest-bench-"));
  try {
    return await act(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
