import { spawn } from "node:child_process";

import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { isStopped } from "./proc.ts";
import { PauseWatch } from "./pause-watch.ts";
import type { Witness } from "./witness.ts";

/** A witness of one process, by /proc. */
function witnessOf(pid: number): Witness {
  return {
    source: "proc",
    allStopped: () => isStopped(pid),
    isComplete: () => true,
    processes: () => [pid],
    running: () => (isStopped(pid) ? [] : [pid]),
    stopped: () => (isStopped(pid) ? [pid] : []),
    close: () => undefined,
  };
}

function watching() {
  const seen: HistoryData<"witness.frozen">[] = [];
  const watch = new PauseWatch((type, data) => {
    if (type === "witness.frozen") seen.push(data as HistoryData<"witness.frozen">);
  });
  return { watch, seen };
}

describe("PauseWatch", () => {
  it("sees that a stopped process does not run, and that one that goes on does", () => {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    const pid = child.pid!;
    try {
      const { watch, seen } = watching();
      child.kill("SIGSTOP");
      const deadline = performance.now() + 60_000;
      while (!isStopped(pid) && performance.now() < deadline);
      watch.pausing("agent-0")("a", () => witnessOf(pid));
      watch.ending("agent-0");
      watch.pausing("agent-0")("a", () => witnessOf(pid));
      child.kill("SIGCONT");
      while (isStopped(pid) && performance.now() < deadline);
      watch.ending("agent-0");
      expect(seen).toMatchObject([
        { agentId: "a", processes: 1, running: 0 },
        { agentId: "a", processes: 1, running: 1 },
      ]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("watches nothing when the pause was over before it was answered", () => {
    const { watch, seen } = watching();
    const paused = watch.pausing("agent-0");
    watch.ending("agent-0");
    paused("a", () => witnessOf(process.pid));
    watch.ending("agent-0");
    expect(seen).toEqual([]);
  });

  it("goes on with the first watch when a paused agent is paused again", () => {
    const { watch, seen } = watching();
    watch.pausing("agent-0")("a", () => witnessOf(process.pid));
    watch.pausing("agent-0")("a", () => witnessOf(1));
    watch.ending("agent-0");
    expect(seen).toMatchObject([{ running: 1 }]);
  });
});
