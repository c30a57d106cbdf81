import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

import { processStat } from "../stages/host/proc.ts";
import { Operator } from "../stages/host/operator.ts";
import { performUndo } from "../undo/perform-undo.ts";
import { FaultBench } from "./testing/fault-bench.ts";

const program = fileURLToPath(new URL("../../bin/broker-sim.mjs", import.meta.url));

it("has a real broker misbehave, counts what came of it, and leaves its other rules alone", async () => {
  const broker = spawn(process.execPath, [program, "serve", "--store", "memory", "--port", "0", "--faults", "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pid = broker.pid ?? 0;
  const startTime = processStat(pid)?.startTime ?? "";
  const [line] = (await once(createInterface({ input: broker.stdout }), "line")) as [string];
  const { url, operatorToken } = JSON.parse(line) as { url: string; operatorToken: string };
  const operator = new Operator(url, { operatorToken, signal: new AbortController().signal });
  const bench = new FaultBench({
    broker: () => ({ url, operatorToken, operator }),
    processes: () => ({ target: "broker", role: "broker", processes: [{ pid, startTime, name: "broker" }] }),
  });
  try {
    const hit = {
      kind: "misbehave-broker",
      rule: { kind: "status", status: 503, code: "full", phase: "request" },
    } as const;
    const idle = { kind: "misbehave-broker", rule: { kind: "drop-events" } } as const;
    await bench.faults.apply({ ...hit, route: "GET /api/v1/jobs" });
    await bench.faults.apply(idle, "idle");
    await expect(operator.jobs()).rejects.toThrow("503");
    expect(bench.ledger.open.map(({ undo }) => undo)).toEqual(["remove-broker-fault", "remove-broker-fault"]);
    await bench.faults.heal("misbehave-broker", { comesBack: true });
    expect(await operator.jobs()).toEqual([]);
    expect((await operator.faults()).map(({ ended }) => ended?.how ?? "in force")).toEqual(["removed", "in force"]);
    expect(bench.verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("was not healed") });
    await bench.faults.heal("idle", { comesBack: true });
    expect(bench.effects.map(({ seen, found }) => [seen, found])).toEqual([
      [true, "fault-1 (status) had 1 effect"],
      [false, "fault-2 (drop-events) had 0 effects"],
    ]);
    expect(bench.verdict.result).toBe("unknown");
  } finally {
    await bench.close();
    broker.kill("SIGKILL");
    await once(broker, "exit");
  }
  const gone = { undo: "remove-broker-fault", url, operatorToken, pid, startTime, expiresInMs: 1 } as const;
  expect(await performUndo(gone)).toBeUndefined();
});
