import { Cron } from "croner";

import { UsageError } from "../../foundation/errors.ts";

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const dayPattern = `(?:${dayNames.join("|")})`;
const window = new RegExp(
  `^(?:(${dayPattern}(?:[-,]${dayPattern})*) +)?(\\d{1,2}):(\\d{2}) *- *(\\d{1,2}):(\\d{2})$`,
  "i",
);
const minutesOfDay = 24 * 60;

/**
 * The minutes in which the owner needs the machine, as patterns of five fields (crontab(5)), in local time. Written
 * either so, like `* 9-17 * * 1-5`, or as times of the day with or without days, like `mon-fri 09:00-17:30`; a time that
 * ends before it begins goes on past midnight.
 *
 * @throws UsageError `bad-schedule`
 */
export function cronPatterns(schedule: string): string[] {
  const match = window.exec(schedule.trim());
  if (match === null) return [checked(schedule)];
  const [, days, ...clock] = match;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = clock.map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (fromHour > 23 || fromMinute > 59 || toMinute > 59 || to > minutesOfDay || from === to) throw refused(schedule);
  const chosen = days === undefined ? dayNames.map((_, day) => day) : daysIn(days.toLowerCase());
  if (from < to) return patternsOf({ from, to, days: chosen });
  const next = chosen.map((day) => (day + 1) % 7);
  return [...patternsOf({ from, to: minutesOfDay, days: chosen }), ...patternsOf({ from: 0, to, days: next })];
}

function checked(pattern: string): string {
  try {
    new Cron(pattern, { mode: "5-part", paused: true }).stop();
  } catch {
    throw refused(pattern);
  }
  return pattern;
}

function refused(schedule: string): UsageError {
  return new UsageError(`${JSON.stringify(schedule)} is no schedule.`, {
    code: "bad-schedule",
    next: 'Give times of the day, like --pause-schedule "mon-fri 09:00-17:30", or five fields of cron for every minute in which the machine is yours, like "* 9-17 * * 1-5".',
  });
}

/** `fri-mon` goes round the week. */
function daysIn(text: string): number[] {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const ends = part.split("-").map((name) => dayNames.indexOf(name));
    const [first = 0] = ends;
    // A range of three ends has no meaning; the last one counts.
    const last = ends.at(-1) ?? first;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** Whole hours make one pattern, and the parts of an hour at either end one each. */
function patternsOf({ from, to, days }: { from: number; to: number; days: readonly number[] }): string[] {
  const patterns: string[] = [];
  const on = days.join(",");
  let wholeFrom: number | null = null;
  for (let hour = Math.floor(from / 60); hour * 60 < to; hour += 1) {
    const first = Math.max(from, hour * 60) - hour * 60;
    const last = Math.min(to, hour * 60 + 60) - hour * 60 - 1;
    const isWhole = first === 0 && last === 59;
    if (isWhole) wholeFrom ??= hour;
    const endsWhole = wholeFrom !== null && (!isWhole || (hour + 1) * 60 >= to);
    if (endsWhole) {
      patterns.push(`* ${rangeOf(wholeFrom as number, isWhole ? hour : hour - 1)} * * ${on}`);
      wholeFrom = null;
    }
    if (!isWhole) patterns.push(`${rangeOf(first, last)} ${hour} * * ${on}`);
  }
  return patterns;
}

function rangeOf(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
