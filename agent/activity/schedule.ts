import { Cron } from "croner";

import { cronPatterns } from "./cron-patterns.ts";
import type { ActivityTrigger, TriggerOptions } from "./port.ts";

export interface ScheduleOptions extends TriggerOptions {
  readonly schedules: readonly string[];
  /** For how long it must be quiet until the jobs go on: it pulses more often than that. */
  readonly quietMs: number;
}

const minuteMs = 60_000;
/** So many pulses hold the jobs for one quiet time, that a late one does not let them go. */
const pulsesPerQuiet = 3;

/** Pulses throughout the minutes in which the owner needs the machine, also where it is opened in the midst of them. */
export function watchSchedule({ schedules, quietMs, onPulse, onCannot }: ScheduleOptions): ActivityTrigger {
  const patterns = schedules.flatMap((schedule) => {
    try {
      return cronPatterns(schedule);
    } catch {
      onCannot(`${JSON.stringify(schedule)} is no schedule (any more), and does not pause the jobs.`);
      return [];
    }
  });
  let untilMs = 0;
  const pulse = (ageMs: number): void => onPulse({ what: "schedule", ageMs });
  /** The minute that it is counts. */
  const counts = (ageMs: number): void => {
    untilMs = thisMinuteMs() + minuteMs;
    pulse(ageMs);
  };
  const jobs = patterns.map(
    (pattern) => new Cron(pattern, { mode: "5-part", unref: true }, () => counts(Date.now() - thisMinuteMs())),
  );
  // Opened in the midst of it: that is news of now, and not of when it began.
  if (jobs.some((job) => job.match(new Date(thisMinuteMs())))) counts(0);
  const beat = setInterval(() => {
    if (Date.now() < untilMs) pulse(0);
  }, Math.min(minuteMs, quietMs) / pulsesPerQuiet).unref();
  return {
    async close() {
      clearInterval(beat);
      for (const job of jobs) job.stop();
    },
  };
}

/** When the minute that it is began, in wall time: the owner's clock tells the hours. */
function thisMinuteMs(): number {
  return Math.floor(Date.now() / minuteMs) * minuteMs;
}
