import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { kernelCalls } from "./collectors/kernel-calls.ts";

/**
 * Has V8 collect its garbage now, and give the room back: by itself it lets the heap grow by a quarter first, and keeps
 * what it has emptied for some seconds. For where one comparison is over, and the next one's would come on top of it.
 */
export function giveBackGarbage(): void {
  if (collect === undefined) collect = collector();
  collect?.({ type: "major", execution: "sync", flavor: "last-resort" });
  kernelCalls()?.trim(0);
}

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/** Null where this V8 has no such function. */
let collect: Collect | null | undefined;

/** Node takes the flag at any time, and new contexts have the function then. */
function collector(): Collect | null {
  setFlagsFromString("--expose-gc");
  try {
    const found: unknown = runInNewContext("globalThis.gc");
    return typeof found === "function" ? (found as Collect) : null;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
