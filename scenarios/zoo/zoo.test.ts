import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const zoo = fileURLToPath(new URL("zoo.ts", import.meta.url));

test("every planted bug is found within 2,000 seeds, by seeds that pass without it", async () => {
  // The table names whoever was not found; it is what a failure shows.
  const { stdout } = await promisify(execFile)(process.execPath, [zoo, "--quick", "--jobs", "2"]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toMatch(/: (\d+) found, 0 failed; 0 seeds skipped/);
}, 600_000);
