import { printable } from "../text/printable.ts";

/** As much of an event's data as one row can show. */
const oneLineMax = 320;

/** `12.345 s`, with thin thousands for a column. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Data as a row shows it: JSON without the quotation marks of names that need none. */
export function oneLine(json: string): string {
  const cut = json.length > oneLineMax ? `${json.slice(1, oneLineMax)}…` : json.slice(1, -1);
  return printable(cut.replaceAll(/"([A-Za-z][\w-]*)":/g, "$1 ").replaceAll(",", ", "));
}

/** A wall time in the reader's zone, to the second. */
export function wallTime(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "?";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
