import { messageOf } from "../../foundation/errors.ts";
import { type ProcessorTicks, readProcessors, shareOfOthers } from "./host-load.ts";
import type { ActivityTrigger, TriggerOptions } from "./port.ts";

export interface LoadOptions extends TriggerOptions {
  /** Others are active when they take this share of all processors, above 0 and up to 1. */
  readonly share: number;
  /** CPU time of our jobs so far, in milliseconds; see `SandboxDriver.cpuMs`. */
  readonly jobsMs: () => number;
  /** How long is looked at a time, in milliseconds. */
  readonly sampleMs?: number;
}

const sampleMsDefault = 2_000;
/** A short burst is no activity: so many looks in a row must find it. */
const looksInARow = 2;

interface Reading {
  readonly processors: ProcessorTicks;
  readonly ownMs: number;
}

/**
 * Pulses while other programs keep the processors busy. What the agent and its jobs use is taken off, so that their
 * own load never pauses them (docs/cases.md, case 37).
 */
export function watchLoad({
  share,
  jobsMs,
  onPulse,
  onCannot,
  sampleMs = sampleMsDefault,
}: LoadOptions): ActivityTrigger {
  const read = (): Reading => ({ processors: readProcessors(), ownMs: jobsMs() + agentMs() });
  let before: Reading;
  try {
    before = read();
  } catch (error) {
    onCannot(`The load of other programs cannot be read here, and does not pause the jobs (${messageOf(error)}).`);
    return { close: async () => undefined };
  }
  let found = 0;
  const timer = setInterval(() => {
    let after: Reading;
    try {
      after = read();
    } catch (error) {
      clearInterval(timer);
      onCannot(
        `The load of other programs cannot be read any more, and does not pause the jobs (${messageOf(error)}).`,
      );
      return;
    }
    const others = shareOfOthers({ before: before.processors, after: after.processors }, after.ownMs - before.ownMs);
    before = after;
    found = others >= share ? found + 1 : 0;
    if (found >= looksInARow) onPulse({ what: `load: ${(100 * others).toFixed(0)} % of the processors`, ageMs: 0 });
  }, sampleMs).unref();
  return { close: async () => clearInterval(timer) };
}

function agentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
