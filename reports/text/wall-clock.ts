/** The furthest that a Date reaches from the epoch, in ms (ECMA-262, 21.4.1.1). */
const dateMsMax = 8.64e15;

/** A wall time (ms since the epoch) in ISO 8601, UTC. A time beyond all dates, which only an edited file has, is clamped. */
export function isoTime(at: number): string {
  return new Date(Math.min(dateMsMax, Math.max(-dateMsMax, at))).toISOString();
}

/** In the reader's own time zone, to the minute: `2026-11-21 06:57`. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const part = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${part(at.getMonth() + 1)}-${part(at.getDate())}`;
  return `${day} ${part(at.getHours())}:${part(at.getMinutes())}`;
}
