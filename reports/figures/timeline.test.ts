import fc from "fast-check";
import { expect, test } from "vitest";

import { agentEvents, type AgentState, agentTransition } from "../../protocol/agent-states.ts";
import { agentSource, HistoryBuilder } from "../testing/history-builder.ts";
import { changeState } from "../testing/lifecycle-story.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { agentTimelines } from "./timeline.ts";

const started = { instanceId: agentSource, pid: 4720, driver: "process", resumed: false } as const;

test("each state from its beginning to the next, in ms since the run began", () => {
  const history = begin().wait(100).agent("agent.started", started).wait(40);
  changeState(history, "Enrolling", "Idle", "enrolled");
  changeState(history.wait(10), "Idle", "Working", "workStarted");
  changeState(history.wait(300), "Working", "Withdrawing", "withdrawAsked");
  changeState(history.wait(50), "Withdrawing", "Withdrawn", "withdrawn");
  history.wait(1_000).harness("run.ended", { exitCode: 0 });
  expect(agentTimelines(history.records)).toEqual([
    {
      instance: agentSource,
      spans: [
        { state: "Enrolling", fromMs: 100, toMs: 140 },
        { state: "Idle", fromMs: 140, toMs: 150 },
        { state: "Working", fromMs: 150, toMs: 450 },
        { state: "Withdrawing", fromMs: 450, toMs: 500 },
      ],
      ending: "withdrawn",
      states: [
        { state: "Enrolling", ms: 40, times: 1 },
        { state: "Idle", ms: 10, times: 1 },
        { state: "Working", ms: 300, times: 1 },
        { state: "Withdrawing", ms: 50, times: 1 },
      ],
    },
  ]);
});

test("an agent that was killed stops where its process ended, not where the history does", () => {
  const history = begin().agent("agent.started", started);
  changeState(history.wait(20), "Enrolling", "Idle", "enrolled");
  history.wait(80).harness("process.exit", { name: "guest", pid: 4720, code: null, signal: "SIGKILL" });
  history.wait(900).harness("run.ended", { exitCode: 1 });
  const [timeline] = agentTimelines(history.records);
  expect(timeline?.ending).toBe("stopped");
  expect(timeline?.spans.at(-1)).toEqual({ state: "Idle", fromMs: 20, toMs: 100 });
});

test("an agent that comes back is another line", () => {
  const history = begin().agent("agent.started", started);
  changeState(history.wait(20), "Enrolling", "Idle", "enrolled");
  history.wait(5).agent("agent.shutdown", { trigger: "SIGTERM", stage: "end" });
  history.wait(50).agent("agent.started", { ...started, pid: 4999, resumed: true }, "second");
  history.wait(25).harness("run.ended", { exitCode: 0 });
  const timelines = agentTimelines(history.records);
  expect(timelines.map(({ instance, ending }) => [instance, ending])).toEqual([
    [agentSource, "stopped"],
    ["second", "open"],
  ]);
  expect(timelines[1]?.spans).toEqual([{ state: "Enrolling", fromMs: 75, toMs: 100 }]);
});

test("the interrupted run's agent is still there", () => {
  expect(agentTimelines(runFixtures.interrupted().history).map(({ ending }) => ending)).toEqual(["open"]);
});

test("spans follow each other without gap or overlap, and the totals are all of them", () => {
  const walk = fc.array(fc.tuple(fc.constantFrom(...agentEvents), fc.boolean(), fc.integer({ min: 0, max: 500 })));
  fc.assert(
    fc.property(walk, (moves) => {
      const history = begin().agent("agent.started", started);
      let state: AgentState = "Enrolling";
      for (const [event, busy, ms] of moves) {
        const transition = agentTransition(state, event, { busy });
        if (!transition.accepted) continue;
        changeState(history.wait(ms), state, transition.to, event);
        state = transition.to;
      }
      const spans = agentTimelines(history.records)[0]?.spans ?? [];
      for (const { fromMs, toMs } of spans) expect(toMs).toBeGreaterThanOrEqual(fromMs);
      expect(spans.slice(1).map(({ fromMs }) => fromMs)).toEqual(spans.slice(0, -1).map(({ toMs }) => toMs));
      expect(spans.filter(({ state }, index) => state === spans[index + 1]?.state)).toEqual([]);
      const total = agentTimelines(history.records)[0]?.states.reduce((sum, { ms }) => sum + ms, 0);
      expect(total ?? 0).toBe((spans.at(-1)?.toMs ?? 0) - (spans[0]?.fromMs ?? 0));
    }),
  );
});

test("a history without an agent has no line", () => {
  expect(agentTimelines(begin().records)).toEqual([]);
  expect(agentTimelines([])).toEqual([]);
});

function begin(): HistoryBuilder {
  return new HistoryBuilder().harness("run.started", { run: "r", scenario: "s", seed: "1", options: {} });
}
