import { expect, it } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import { historyEvents } from "../../protocol/history.ts";
import { runMain } from "../testing/run-main.ts";

it("lists every event of a history with its fields, in lines of 80", async () => {
  const { stdout } = await runMain(["events"]);
  const lines = stdout.split("\n");
  expect(lines.filter((line) => /^\S/.test(line))).toEqual(Object.keys(historyEvents));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

it("shows one, as JSON too, and refuses what there is not with the nearest", async () => {
  expect((await runMain(["events", "broker.offered"])).stdout).toBe(
    "broker.offered\n  jobId, leaseId, epoch, agentId, expiresAt\n",
  );
  expect(jsonOf(await runMain(["events", "broker.offered", "--json"]))).toEqual([
    { name: "broker.offered", fields: Object.keys(historyEvents["broker.offered"].shape) },
  ]);
  const { exitCode, stderr } = await runMain(["events", "broker.offerd"]);
  expect([exitCode, stderr]).toEqual([64, expect.stringContaining("Did you mean `scenarios events broker.offered`?")]);
});
