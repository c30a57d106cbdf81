import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { expect, test } from "vitest";

const linux = process.platform === "linux";

/** What a checkpoint does: it compresses, beside the main thread. */
const program = `
  import { readdirSync } from "node:fs";
  import { promisify } from "node:util";
  import { zstdCompress } from "node:zlib";
  import { startThreads } from ${JSON.stringify(join(import.meta.dirname, "start-threads.ts"))};
  const threads = () => readdirSync("/proc/self/task").length;
  if (process.argv[1] === "started") await startThreads();
  const before = threads();
  await promisify(zstdCompress)(Buffer.alloc(1_000_000));
  console.log(threads() - before);
`;

test.skipIf(!linux).each([
  ["started", "0"],
  ["not started", "4"],
])("whose threads are %s needs %s more for a checkpoint", (how, more) => {
  const args = ["--input-type=module", "-e", program, how];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" }).trim()).toBe(more);
});
