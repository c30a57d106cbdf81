import { mkdtempSync, openSync, closeSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { noChromium, openChromium } from "../reports/testing/chromium.ts";
import { runPageParts } from "../reports/html/run-page.ts";
import type { Benchmark, BoundResult } from "./benchmark.ts";
import { longRun } from "./long-history.ts";
import { measurePage, type PageMeasures } from "./measure-page.ts";

const events = 1_000_000;
const mebibyte = 1024 ** 2;

/** The page of a run of a million events: how soon it is there, and whether it scrolls without a jerk. */
export const reportPage: Benchmark = {
  name: "report-page",
  byNameOnly: true,
  async run() {
    const obstacle = noChromium();
    if (obstacle !== undefined) throw new Error(`The page cannot be measured: ${obstacle}.`);
    const place = mkdtempSync(join(tmpdir(), "houseguest-report-page-"));
    try {
      const run = longRun(join(place, "runs"), events);
      const path = join(place, "page.html");
      const began = performance.now();
      writeParts(path, runPageParts(run));
      const writtenMs = performance.now() - began;
      const browser = await openChromium();
      try {
        const measures = await measurePage(browser.context, pathToFileURL(path).href);
        return results(measures, { count: run.history.length, bytes: statSync(path).size, writtenMs });
      } finally {
        await browser.close();
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
};

function writeParts(path: string, parts: Iterable<string>): void {
  const file = openSync(path, "w");
  for (const part of parts) writeSync(file, part);
  closeSync(file);
}

function results(
  measures: PageMeasures,
  { count, bytes, writtenMs }: { readonly count: number; readonly bytes: number; readonly writtenMs: number },
): BoundResult[] {
  const { firstPaintMs, historyMs, timelineMs, openingTasks, scrolls, filterMs, found, heapBytes } = measures;
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [
    {
      ...{
        what: `page of ${count} events: its history can be scrolled after`,
        measured: historyMs,
        most: 3_000,
        unit: "ms",
      },
      notes: [
        `the file takes ${(bytes / mebibyte).toFixed(1)} MiB, written in ${(writtenMs / 1000).toFixed(1)} s`,
        `first contentful paint after ${ms(firstPaintMs)}, the timeline's data after ${ms(timelineMs)}`,
        `long tasks (over 50 ms) until then: ${openingTasks.map(ms).join(", ") || "none"}`,
        `a text that ${found} events have is found in all after ${ms(filterMs)}; the page's heap takes ${Math.round(heapBytes / mebibyte)} MiB`,
      ],
    },
    ...scrolls.map(({ how, frames, longTasks, empty, rows }): BoundResult => {
      const sorted = frames.toSorted((one, other) => one - other);
      const at = (ratio: number) => sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] as number;
      return {
        ...{ what: `p99 of a frame, ${how}`, measured: at(0.99), most: 50, unit: "ms" },
        notes: [
          `${frames.length} frames: p50 ${at(0.5).toFixed(1)} ms, p90 ${at(0.9).toFixed(1)} ms, longest ${at(1).toFixed(1)} ms; long tasks: ${longTasks}`,
          `rows in sight whose data was not there yet: ${((100 * empty) / Math.max(1, rows)).toFixed(1)} %`,
        ],
      };
    }),
  ];
}
