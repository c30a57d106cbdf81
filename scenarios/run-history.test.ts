import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { systemClock } from "../foundation/clock.ts";
import { historyRecorder } from "../protocol/history-recorder.ts";
import { RunHistory } from "./run-history.ts";

let place: string;
let path: string;
let history: RunHistory;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "run-history-"));
  path = join(place, "history.jsonl");
  writeFileSync(path, "");
  history = new RunHistory(path, "run");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const otherProcess = () =>
  historyRecorder({ actor: "agent", source: "other", clock: systemClock, write: (line) => appendFileSync(path, line) });
const patience = { withinMs: 10_000, signal: new AbortController().signal };
const woke = (cause: string) =>
  history.records.some((record) => record.type === "agent.woke" && record.data.cause === cause);

describe("RunHistory", () => {
  it("wakes who waits when another process appends", async () => {
    const waiting = history.until("a wake", () => woke("x"), patience);
    otherProcess()("agent.woke", { cause: "x" });
    await expect(waiting).resolves.toBeUndefined();
    history.close();
  });

  it("tells what it waited for in vain", async () => {
    const waiting = history.until("rain", () => false, { ...patience, withinMs: 1 });
    await expect(waiting).rejects.toThrow(/in vain for rain/);
    history.close();
  });

  it("stops waiting when the run is interrupted", async () => {
    const controller = new AbortController();
    const waiting = history.until("rain", () => false, { withinMs: 10_000, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    history.close();
  });

  it("keeps a line that comes in two pieces whole, and names a torn last one", () => {
    let line = "";
    historyRecorder({ actor: "agent", source: "other", clock: systemClock, write: (text) => (line = text) })(
      "agent.woke",
      {
        cause: "näher",
      },
    );
    const bytes = Buffer.from(line);
    appendFileSync(path, bytes.subarray(0, bytes.indexOf(0xa4)));
    history.read();
    expect(woke("näher")).toBe(false);
    appendFileSync(path, bytes.subarray(bytes.indexOf(0xa4)));
    history.read();
    expect(woke("näher")).toBe(true);
    appendFileSync(path, '{"torn');
    history.close();
    expect(history.unreadable).toEqual(["the last line is torn"]);
  });

  it("counts a gap in a source's records as lost evidence", () => {
    let line = "";
    const record = historyRecorder({
      actor: "agent",
      source: "other",
      clock: systemClock,
      write: (text) => (line = text),
    });
    record("agent.woke", { cause: "first, and lost" });
    record("agent.woke", { cause: "second" });
    appendFileSync(path, line);
    history.close();
    expect(history.unreadable).toEqual(["other went from record -1 to 1"]);
  });

  it("believes an agent nothing that only the broker can say", () => {
    const forged = {
      at: 1,
      actor: "agent",
      source: "other",
      sequence: 0,
      type: "broker.stopped",
      data: { reason: "" },
    };
    appendFileSync(path, `${JSON.stringify(forged)}\n`);
    history.close();
    expect(history.records).toEqual([]);
    expect(history.unreadable[0]).toContain("agent cannot say that");
  });

  it("goes on without a listener that fails, and without a history that can no longer be written", () => {
    history.onRecord(() => {
      throw new Error("the report's disk is full");
    });
    history.record("run.ended", { exitCode: 0 });
    history.record("run.ended", { exitCode: 0 });
    expect(history.listenerErrors).toEqual(["the report's disk is full"]);
    history.close();
    history.record("run.ended", { exitCode: 0 });
    expect(history.records).toHaveLength(2);
  });

  it("counts what is no record as lost evidence", () => {
    appendFileSync(path, "not json\n");
    history.record("run.ended", { exitCode: 0 });
    history.close();
    expect(history.unreadable).toHaveLength(1);
    expect(history.records).toHaveLength(1);
  });
});
