import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";

/** The slice of a thread, in nanoseconds, as the kernel shows it (CONFIG_SCHED_DEBUG). */
const sliceIn = (text: string): number => Number(/^se\.slice\s*:\s*(\d+)$/m.exec(text)?.[1]);
const [major = 0, minor = 0] = release().split(".").map(Number);
const known = process.platform === "linux" && (major > 6 || (major === 6 && minor >= 12));

/** In a process of its own: what a thread asked for it keeps. */
const script = `
  import { spawnSync } from "node:child_process";
  import { readFileSync } from "node:fs";
  const { takeShortTurns } = await import(process.argv[1]);
  const asked = takeShortTurns();
  const own = readFileSync("/proc/thread-self/sched", "latin1");
  const child = spawnSync("cat", ["/proc/self/sched"], { encoding: "latin1" }).stdout;
  console.log(JSON.stringify({ asked, own, child }));
`;

test.skipIf(!known || Number.isNaN(sliceIn(readOwn())))(
  "who asks for short turns gets them, and what it starts does not (skipped before Linux 6.12 and without its figures)",
  () => {
    const module = fileURLToPath(new URL("./short-turns.ts", import.meta.url));
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script, module], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const { asked, own, child } = jsonOf({ stdout, stderr, status }) as { asked: boolean; own: string; child: string };
    expect({ asked, sliceNs: sliceIn(own) }).toEqual({ asked: true, sliceNs: 100_000 });
    expect(sliceIn(child)).toBeGreaterThan(100_000);
  },
);

function readOwn(): string {
  try {
    return readFileSync("/proc/thread-self/sched", "latin1");
  } catch {
    return "";
  }
}
