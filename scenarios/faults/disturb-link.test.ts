import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { performUndo } from "../undo/perform-undo.ts";
import { FaultBench } from "./testing/fault-bench.ts";

let bench: FaultBench;
const broker = createServer((socket) => void socket.pipe(socket));
beforeEach(async () => {
  bench = new FaultBench();
  await bench.start("exec sleep 600");
  broker.listen(0, "127.0.0.1");
  await once(broker, "listening");
});
afterEach(async () => {
  await bench.close();
  broker.close();
});

const reset = { kind: "disturb-link", agent: "donor", toxic: { type: "reset" } } as const;

describe("disturb-link", () => {
  it("breaks a real connection through the line's thread, and mends it", async () => {
    const target = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
    const url = new URL(await bench.links.open("donor", { target, seed: "1" }));
    await bench.faults.apply(reset);
    expect(bench.ledger.open).toMatchObject([{ undo: "ends-with-process", pid: process.pid }]);
    const broken = connect(Number(url.port), url.hostname);
    const [error] = (await once(broken, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({
      result: "pass",
      detail: expect.stringContaining("1 connections were reset"),
    });
    const whole = connect(Number(url.port), url.hostname);
    whole.end("hello");
    expect(String(await once(whole, "data"))).toBe("hello");
    await once(whole, "close");
  });

  it("over which nobody spoke has no effect, which is unknown", async () => {
    await bench.links.open("donor", { target: "http://127.0.0.1:1", seed: "1" });
    await bench.faults.apply(reset);
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict.result).toBe("unknown");
  });

  it("says how an agent gets a line, where it has none, and leaves nothing on the ledger", async () => {
    await expect(bench.faults.apply(reset)).rejects.toThrow('"donor" has no line that could be disturbed.');
    expect(bench.ledger.open).toEqual([]);
  });

  it("is gone with the process that bears it, so that nobody else has anything to undo", async () => {
    const action = { undo: "ends-with-process", startTime: "1", what: "a line" } as const;
    expect(await performUndo({ ...action, pid: 999_999_999 })).toBeUndefined();
    await bench.faults.apply({ kind: "stop-process", process: "donor" });
    const [stopped] = bench.ledger.open;
    const { pid, startTime } = stopped?.undo === "continue-process" ? stopped : { pid: 0, startTime: "" };
    expect(await performUndo({ ...action, pid, startTime })).toBe(`the process ${pid} still bears it`);
  });
});
