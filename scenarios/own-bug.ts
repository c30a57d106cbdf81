import { pathToFileURL } from "node:url";

/** Where the programs lie: the package, or what the tests put together of it (`bin/bundled.mjs`). */
const here = new URL("..", placeOf(new Error("here")) ?? import.meta.url).href;
const rooms = [
  "agent",
  "bin",
  "broker-sim",
  "chunks",
  "foundation",
  "protocol",
  "reports",
  "residue-scanner",
  "scenarios",
];
const ownRooms = rooms.flatMap((room) => [here, new URL("..", import.meta.url).href].map((root) => `${root}${room}/`));
const examples = new URL("examples/", import.meta.url).href;

/** The files that were loaded as scenarios, configuration or adapters, wherever they lie. */
const users = new Set<string>();

/** @param file absolute */
export function noteUsersFile(file: string): void {
  users.add(pathToFileURL(file).href);
}

/** Whether an error was thrown in the harness's own code: by the first place in a file that its stack names. */
export function isOwnBug(error: unknown): boolean {
  const place = placeOf(error);
  if (place === undefined || place.startsWith(examples) || users.has(withoutLine(place))) return false;
  return ownRooms.some((room) => place.startsWith(room));
}

/** The first place in a file at which its stack has been, with line and column; its message may name others. */
export function placeOf(error: unknown): string | undefined {
  for (const line of error instanceof Error ? (error.stack ?? "").split("\n") : []) {
    const [, url, path] = /^\s+at (?:.*\()?(?:(file:\/\/.+?)|(\/.+?))\)?$/.exec(line) ?? [];
    if (url !== undefined) return url;
    if (path !== undefined) return pathToFileURL(path).href;
  }
  return undefined;
}

function withoutLine(place: string): string {
  return place.replace(/(:\d+)+$/, "");
}
