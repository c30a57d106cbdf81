import type { ActivityWish } from "./activity-wish.ts";
import { watchFiles } from "./files.ts";
import { watchInput } from "./input.ts";
import { watchLoad } from "./load.ts";
import type { ActivityTrigger, Pulse, TriggerOptions } from "./port.ts";
import { watchSchedule } from "./schedule.ts";

/** Everything by which the owner is noticed. */
export interface ActivityWatch {
  /** What cannot be noticed on this host, as sentences for its owner; it may grow. */
  readonly cannot: readonly string[];
  /** Takes everything back; nothing pulses afterwards. */
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly wish: ActivityWish;
  /** Directories and files that the agent and its jobs write to. */
  readonly own: readonly string[];
  /** CPU time of the jobs so far, in milliseconds. */
  readonly jobsMs: () => number;
  readonly onPulse: (pulse: Pulse) => void;
  readonly warn: (sentence: string) => void;
}

/** Pulses that come sooner after each other than that are one; far below the shortest quiet. Milliseconds. */
const betweenMs = 100;

/** Opens the triggers that are wished for. What does not work here is told, and the others work all the same. */
export async function watchActivity({ wish, own, jobsMs, onPulse, warn }: WatchOptions): Promise<ActivityWatch> {
  const cannot: string[] = [];
  const onCannot = (sentence: string): void => {
    cannot.push(sentence);
    warn(sentence);
  };
  const pulses = thinned(onPulse);
  const options: TriggerOptions = { onPulse: pulses.take, onCannot };
  const triggers: ActivityTrigger[] = [];
  const { touch, loadShare, input, schedules, quietS } = wish;
  if (touch.length > 0) triggers.push(await watchFiles({ ...options, paths: touch, own }));
  if (loadShare !== null) triggers.push(watchLoad({ ...options, share: loadShare, jobsMs }));
  if (input) triggers.push(watchInput(options));
  if (schedules.length > 0) triggers.push(watchSchedule({ ...options, schedules, quietMs: quietS * 1_000 }));
  return {
    cannot,
    async close() {
      pulses.close();
      await Promise.all(triggers.map((trigger) => trigger.close()));
    },
  };
}

/** Whoever writes a thousand files is active once, and for the last time when the last is written. */
function thinned(onPulse: (pulse: Pulse) => void): {
  readonly take: (pulse: Pulse) => void;
  readonly close: () => void;
} {
  let lastMs = Number.NEGATIVE_INFINITY;
  let late: NodeJS.Timeout | null = null;
  let isClosed = false;
  const give = (pulse: Pulse): void => {
    lastMs = performance.now();
    onPulse(pulse);
  };
  return {
    take(pulse) {
      if (isClosed || late !== null) return;
      const waitMs = lastMs + betweenMs - performance.now();
      if (waitMs <= 0) {
        give(pulse);
        return;
      }
      late = setTimeout(() => {
        late = null;
        give({ ...pulse, ageMs: pulse.ageMs + waitMs });
      }, waitMs).unref();
    },
    close() {
      isClosed = true;
      if (late !== null) clearTimeout(late);
    },
  };
}
