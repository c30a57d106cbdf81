import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../foundation/clock.ts";
import type { ResidueReport } from "../protocol/residue-report.ts";
import type { AttributionContext } from "./core/attribution-context.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { settleAndCompare, type SettleOptions } from "./settle.ts";

export interface DwellOptions extends SettleOptions {
  /** How long to wait before the host is read a last time, in ms; 0 for not at all. */
  readonly dwellMs: number;
  /** Told before the wait. */
  readonly onDwell?: () => void;
}

/** cron(8) looks every minute; a request made late in one is carried out in the next, and takes a little. */
export const cronDwellMs = 130_000;

const notWaited = "weaker: what a scheduler was told to do later was not waited for";

/**
 * Lets the host settle, waits for what was delegated to be carried out, and reads the whole host again: what cron or a
 * timer does in a minute was asked for now.
 *
 * @throws the signal's reason when it aborts
 */
export async function dwellAndCompare(
  before: Snapshot,
  context: AttributionContext,
  { dwellMs, onDwell, ...options }: DwellOptions,
): Promise<{ report: ResidueReport; after: Snapshot }> {
  const first = await settleAndCompare(before, context, options);
  if (dwellMs === 0) return { ...first, report: { ...first.report, dwell: { waitedMs: 0, detail: notWaited } } };
  const startedMs = systemClock.monotonicMs();
  onDwell?.();
  await sleep(dwellMs, undefined, { signal: options.signal });
  const waitedMs = systemClock.monotonicMs() - startedMs;
  const last = await settleAndCompare(before, context, options);
  const readings = first.report.readings + last.report.readings;
  return { ...last, report: { ...last.report, readings, dwell: { waitedMs, detail: "" } } };
}
