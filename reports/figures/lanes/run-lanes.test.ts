import { expect, test } from "vitest";

import { agentSource, beganAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { lifecycleStory } from "../../testing/lifecycle-story.ts";
import { type Lane, laneTones, type Lanes } from "./lane.ts";
import { RunLanes } from "./run-lanes.ts";

function lanesOf(history: HistoryBuilder): Lanes {
  const lanes = new RunLanes(beganAt);
  for (const record of history.records) lanes.see(record);
  return lanes.finished();
}

/** The spans of a row: `tone from-to`. */
function spans({ from, to, tone }: Lane): string[] {
  return from.map((at, index) => `${laneTones[tone[index] as number]} ${at}-${to[index]}`);
}

const laneOf = ({ lanes }: Lanes, id: string): Lane => lanes.find((lane) => lane.id === id) as Lane;

test("a run from top to bottom: the harness, the broker, the agent with all that it holds, and what was measured", () => {
  const lanes = lanesOf(lifecycleStory({ jobs: 4, slots: 2, cycles: 1 }));
  expect(lanes.lanes.filter(({ label }) => label !== "").map(({ depth, label }) => `${depth} ${label}`)).toEqual([
    "0 run: phases",
    "1 steps",
    "0 broker, pid 4711",
    "0 agent 3f0c9a52, pid 4720",
    "1 frozen",
    "1 sandboxes",
    "1 leases",
    "0 freeze, by the agent",
    "0 freeze, from outside",
    "0 checkpoint",
    "0 resume, from outside",
    "0 withdrawal",
  ]);
  const tones = new Set(spans(laneOf(lanes, agentSource)).map((span) => span.split(" ")[0]));
  expect([...tones]).toEqual(["Enrolling", "Idle", "Working", "Paused", "Withdrawing"]);
});

test("within a row nothing overlaps, and nothing is lost", () => {
  const story = lifecycleStory({ jobs: 24, slots: 4, cycles: 3 });
  const { lanes, endMs } = lanesOf(story);
  const rows = lanes.filter(({ kind }) => kind === "spans");
  for (const { from, to } of rows) {
    for (const [index, at] of from.entries()) {
      expect(to[index]).toBeGreaterThanOrEqual(at);
      expect(to[index]).toBeLessThanOrEqual(endMs);
      if (index > 0) expect(at).toBeGreaterThanOrEqual(to[index - 1] as number);
    }
  }
  const leases = rows.filter(({ id }) => id.includes("-leases-")).flatMap(({ from }) => from);
  expect(leases).toHaveLength(story.records.filter(({ type }) => type === "broker.leased").length);
});

test("faults: their windows side by side, with the effect that was measured, even after they were undone", () => {
  const history = new HistoryBuilder();
  const fault = (faultId: number) => ({
    fault: "network.latency",
    target: `agent-${faultId}`,
    faultId,
    kind: "latency",
  });
  history.wait(10).harness("fault.applied", { ...fault(1), detail: "300 ms", subjects: [] });
  history.wait(10).harness("fault.applied", { ...fault(2), detail: "1 s", subjects: [] });
  history.wait(5).harness("fault.effect", { ...fault(1), seen: true, lookedFor: "300 ms", found: "304 ms" });
  history.wait(5).harness("fault.undone", fault(1));
  history.wait(5).harness("fault.undone", fault(2));
  history.harness("fault.effect", { ...fault(2), seen: false, lookedFor: "1 s", found: "2 ms" });
  history.wait(5).harness("fault.applied", { fault: "store.loss", target: "store", detail: "", subjects: [] });
  history.wait(10).harness("run.phase", { phase: "verdict", edge: "begin" });
  const lanes = lanesOf(history);
  expect(spans(laneOf(lanes, "faults-0"))).toEqual(["effect 10-30", "fault 40-50"]);
  expect(spans(laneOf(lanes, "faults-1"))).toEqual(["failed 20-35"]);
  expect(lanes.texts).toContain("latency (network.latency) on agent-2: no effect seen, looked for 1 s, found 2 ms");
});

test("an agent that is killed holds nothing any more; its leases end when the broker ends them", () => {
  const history = new HistoryBuilder();
  const grant = { jobId: "job-1", leaseId: "lease-1", epoch: 1 };
  const agentId = "a".repeat(64);
  history.agent("agent.acquired", { resource: "directory /home/guest" });
  history.agent("agent.started", { instanceId: agentSource, pid: 7, driver: "process", resumed: false });
  history.broker("broker.enrolled", { agentId, instanceId: agentSource, again: false });
  history.wait(5).broker("broker.leased", { ...grant, agentId, expiresAt: 0 });
  history.agent("agent.execution", { ...grant, from: null, to: "running", reason: "" });
  history.wait(5).harness("process.exit", { name: "guest", pid: 7, code: null, signal: "SIGKILL" });
  history.wait(10).broker("broker.released", { ...grant, agentId, how: "expired", progress: 0, checkpoint: null });
  history.wait(10).harness("run.phase", { phase: "verdict", edge: "begin" });
  const lanes = lanesOf(history);
  expect(spans(laneOf(lanes, agentSource))).toEqual(["Enrolling 0-10"]);
  expect(spans(laneOf(lanes, `${agentSource}-sandboxes-0`))).toEqual(["running 5-10"]);
  expect(spans(laneOf(lanes, `${agentSource}-leases-0`))).toEqual(["lost 5-20"]);
});
