import { systemClock } from "../../foundation/clock.ts";

/** CLOCK_MONOTONIC, as in process events. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** The same moment by both clocks. */
export function now(): { readonly ns: number; readonly ms: number } {
  return { ns: monotonicNs(), ms: systemClock.nowMs() };
}
