import { expect, test } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "deferred-told";

test("deferred-told passes a deferred key, fails a confirmed one, and says nothing without a report", () => {
  const deferred = new HistoryBuilder().withdrawal({ keyRevoked: "deferred", leasesDeferred: 1 }).withdrawal();
  expect(judge(deferred, name)).toMatchObject({ result: "pass", detail: "the key deferred, 1 leases deferred" });
  expect(judge(new HistoryBuilder().withdrawal(), name).detail).toContain("is told to be confirmed");
  expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
});
