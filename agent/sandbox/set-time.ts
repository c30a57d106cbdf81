import { futimesSync, lutimesSync } from "node:fs";

import type { NativeFiles } from "./native-files.ts";

/** Sets the times of an open file or directory. */
export function setTime(native: NativeFiles | null, file: number, ns: bigint): void {
  if (native === null) futimesSync(file, secondsOf(ns), secondsOf(ns));
  else native.setTime(file, ns);
}

/** Sets the times of a symlink itself. */
export function setLinkTime(native: NativeFiles | null, path: Buffer, ns: bigint): void {
  if (native === null) lutimesSync(path, secondsOf(ns), secondsOf(ns));
  else native.setLinkTime(path, ns);
}

/** As fine as a floating-point number can say it: to the microsecond, for the times that occur. */
function secondsOf(ns: bigint): number {
  return Number(ns) / 1e9;
}
