import type { HistoryData } from "../../protocol/history.ts";
import { faint, type Line } from "../text/line.ts";
import { printableRecord } from "../text/printable.ts";
import { wrap, wrapItems } from "../text/width.ts";

type Started = Pick<HistoryData<"run.started">, "run" | "scenario" | "seed" | "options">;

/** What exactly runs: enough to run the same again. */
export function runHeading(started: Started, width: number, more: readonly string[] = []): Line[] {
  const { run, scenario, seed, options } = printableRecord(started);
  const drawn = Object.entries(options).map(([name, value]) => `${name}=${optionText(value)}`);
  const facts = [`run ${run}`, `scenario ${scenario}`, `seed ${seed}`, ...more];
  const drawnLines = drawn.length === 0 ? [] : wrap(`options ${drawn.join(" ")}`, width);
  return [...wrapItems(facts, " · ", width), ...drawnLines].map((text): Line => [faint(text)]);
}

function optionText(value: unknown): string {
  if (typeof value === "string") return /^[^\s="']+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? "none";
}
