import { expect, test } from "vitest";

import { leftoverDaemon } from "./leftover-daemon.ts";

test("a daemon that cannot do what it should fails its test at once", async () => {
  await expect(leftoverDaemon("process.exit(1);")).rejects.toThrow("ended before it was ready");
});
