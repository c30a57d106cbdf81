import { lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { bornNs } from "./born-ns.ts";
import { monotonicNs } from "./monotonic.ts";

it("tells when a file was made by the clock of the process events, and nothing of one that is not there", ({
  skip,
}) => {
  const path = join(temporaryDirectory(), "a");
  expect(bornNs(path)).toBeNull();
  const beforeNs = monotonicNs();
  writeFileSync(path, "");
  const afterNs = monotonicNs();
  skip(lstatSync(path).birthtimeMs <= 0, "this file system does not keep when a file was made");
  const born = bornNs(path) ?? 0;
  expect(born).toBeLessThanOrEqual(afterNs);
  // The kernel stamps files by a clock that goes on some hundred times a second.
  expect(born).toBeGreaterThan(beforeNs - 1e9);
});
