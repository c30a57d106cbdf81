import { relative } from "node:path";

/** The file as a user would name it here, and the line. */
export function placeOf(file: string, line: number | undefined): string {
  const near = relative("", file);
  return `${near.startsWith("../..") ? file : near}${line === undefined ? "" : `:${line}`}`;
}
