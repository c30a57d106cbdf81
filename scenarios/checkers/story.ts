import type { HistoryRecord } from "../../protocol/history.ts";

/** What broke a property: the events that matter, in the order of the log, and nothing else. */
export interface Violation {
  /** What is wrong, as a clause. */
  readonly summary: string;
  readonly events: readonly HistoryRecord[];
}

/** A violation out of the events that a checker kept; what it did not keep is left out. */
export function violation(summary: string, ...events: readonly (HistoryRecord | null | undefined)[]): Violation {
  return { summary, events: events.filter((event) => event !== null && event !== undefined) };
}

/**
 * Readable lines, one an event: milliseconds since the first of them, who said it, and what. Each actor goes by its own
 * clock, so of two actors the order of the lines tells what came first, and not their times.
 */
export function storyOf({ events }: Violation): string[] {
  const fromMs = events[0]?.at ?? 0;
  return events.map((event) => `+${Number((event.at - fromMs).toFixed(3))} ms ${who(event)}: ${what(event)}`);
}

const idLength = 12;
/** What says more about the record than about what happened, or is too long for a line. */
const leftOut: ReadonlySet<string> = new Set(["expiresAt", "pid", "steps", "startedAt", "endedAt"]);

function who({ actor, source }: HistoryRecord): string {
  return source.startsWith(actor) ? source : `${actor} ${source.slice(0, idLength)}`;
}

function what({ type, data }: HistoryRecord): string {
  return [type.slice(type.indexOf(".") + 1), ...fields(data)].join(" ");
}

function fields(data: object): string[] {
  return Object.entries(data)
    .filter(([name, value]) => !leftOut.has(name) && value !== "" && value !== null)
    .map(([name, value]) => `${name}=${shown(value)}`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, idLength) : value;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return `{${fields(value).join(" ")}}`;
}
