import { describe, expect, test } from "vitest";

import { AssertionError } from "../../../foundation/assert.ts";
import { type ExecutionState, executionStates, executionSuccessors } from "../../../protocol/execution-states.ts";
import { CoreBroker, answerOf, codeOf } from "../../testing/core-broker.ts";
import { brokerLimits } from "../broker-limits.ts";
import { beginTurn } from "../turn.ts";
import { assertExecutions } from "./execution-invariants.ts";
import type { ExecutionRecord, ProcessEnd } from "./execution-record.ts";
import { executionViews } from "./execution-views.ts";
import {
  transitionToCompleted,
  transitionToFailed,
  transitionToKilled,
  transitionToKilling,
  transitionToRunning,
} from "./lifecycle.ts";

const spec = { slots: 2, sandbox: "auto" } as const;
const process = { pid: 4_711, startedAs: "boot 99" };
const asked = { reason: "the operator's", now: false };
const well: ProcessEnd = { exitCode: 0, signal: null, detail: null };

/** A core, and what it says of the agents that it starts. */
class Scene {
  readonly broker = new CoreBroker();

  spawn(): string {
    return answerOf(this.broker.do({ type: "spawn", spec })).executionId;
  }

  running(): string {
    const executionId = this.spawn();
    answerOf(this.broker.do({ type: "spawned", executionId, process }));
    return executionId;
  }

  kill(executionId: string, now = false) {
    return this.broker.do({ type: "kill", executionId, message: { ...asked, now } });
  }

  exited(executionId: string, end: Partial<ProcessEnd> = {}): void {
    answerOf(this.broker.do({ type: "exited", executionId, end: { ...well, ...end } }));
  }

  of(executionId: string): ExecutionRecord {
    const record = this.broker.state.executions.get(executionId);
    if (record === undefined) throw new Error("it is known");
    // Whatever is known is stored (OR-2).
    expect(this.broker.storedExecutions.get(executionId)).toEqual(record);
    return record;
  }

  published(): string[] {
    return this.broker.effects.flatMap((effect) =>
      effect.kind === "publish" ? [`${effect.event} ${effect.execution.executionId}`] : [],
    );
  }

  kills(): [string, number][] {
    return this.broker.effects.flatMap((effect): [string, number][] =>
      effect.kind === "kill-process" ? [[effect.executionId, effect.graceMs]] : [],
    );
  }
}

const graceMs = 10_000 + 15_000;

describe("an execution", () => {
  test("is written down before its process is started (OR-2)", () => {
    const { broker } = new Scene();
    const view = answerOf(broker.do({ type: "spawn", spec }));
    expect(view).toMatchObject({ state: "spawning", pid: null, startedAt: null, completedAt: null, spec });
    const kinds = broker.effects.map(({ kind }) => kind);
    expect(kinds.indexOf("persist")).toBeLessThan(kinds.indexOf("spawn-process"));
  });

  test("runs when its process is there, completes when that ends well, and tells both (OR-1, OR-3, OR-4)", () => {
    const scene = new Scene();
    const executionId = scene.running();
    const startedAt = scene.broker.nowMs;
    expect(scene.of(executionId)).toMatchObject({ state: "running", process, startedAt, completedAt: null });
    scene.broker.nowMs += 5_000;
    scene.exited(executionId);
    expect(scene.of(executionId)).toMatchObject({
      ...{ state: "completed", startedAt, completedAt: startedAt + 5_000, exitCode: 0, error: null },
    });
    expect(scene.published()).toEqual([`agent.running ${executionId}`, `agent.completed ${executionId}`]);
  });

  test.each([
    [{ exitCode: 3 }, "it ended with exit code 3"],
    [{ exitCode: 3, detail: "no such broker" }, "it ended with exit code 3: no such broker"],
    [{ exitCode: null, signal: "SIGSEGV" }, "SIGSEGV ended it"],
    [{ exitCode: null }, "it ended, and nobody saw how"],
  ])("fails when it ends otherwise: %j", (end, error) => {
    const scene = new Scene();
    const executionId = scene.running();
    scene.exited(executionId, end);
    expect(scene.of(executionId)).toMatchObject({ state: "failed", error, exitCode: end.exitCode });
    expect(scene.published().at(-1)).toBe(`agent.failed ${executionId}`);
  });

  test("fails when it cannot be started, or ends before it was seen", () => {
    const scene = new Scene();
    const [first, second] = [scene.spawn(), scene.spawn()];
    answerOf(scene.broker.do({ type: "spawn-failed", executionId: first, error: "ENOENT" }));
    expect(scene.of(first)).toMatchObject({ state: "failed", error: "ENOENT", startedAt: null });
    scene.exited(second);
    expect(scene.of(second)).toMatchObject({ state: "failed", startedAt: null, exitCode: 0 });
  });

  test("of which nothing is known, or that is over, is not changed by what the host says of it", () => {
    const scene = new Scene();
    const over = scene.running();
    scene.exited(over, { exitCode: 1 });
    const before = structuredClone(scene.of(over));
    for (const executionId of [over, "exec-nobody-1"]) {
      answerOf(scene.broker.do({ type: "spawned", executionId, process }));
      answerOf(scene.broker.do({ type: "spawn-failed", executionId, error: "late" }));
      scene.exited(executionId);
      answerOf(scene.broker.do({ type: "missing", executionId }));
    }
    expect(scene.of(over)).toEqual(before);
    expect(scene.broker.state.executions.size).toBe(1);
  });

  test("of which the host speaks twice starts once (OR-4)", () => {
    const scene = new Scene();
    const executionId = scene.running();
    const before = structuredClone(scene.of(executionId));
    scene.broker.nowMs += 1_000;
    answerOf(scene.broker.do({ type: "spawned", executionId, process: { ...process, pid: 1 } }));
    expect(scene.of(executionId)).toEqual(before);
  });
});

describe("a kill", () => {
  test("says `killing` until nothing of it is left, and `killed` then (OR-6, case 66)", () => {
    const scene = new Scene();
    const executionId = scene.running();
    expect(answerOf(scene.kill(executionId)).state).toBe("killing");
    expect(scene.kills()).toEqual([[executionId, graceMs]]);
    expect(scene.published()).toEqual([`agent.running ${executionId}`]);
    scene.broker.nowMs += 300;
    scene.exited(executionId, { exitCode: 0 });
    expect(scene.of(executionId)).toMatchObject({ state: "killed", error: asked.reason, exitCode: 0 });
    expect(scene.published().at(-1)).toBe(`agent.killed ${executionId}`);
  });

  test("asked again is granted again, and can be made a hard one; one that is over is refused", () => {
    const scene = new Scene();
    const executionId = scene.running();
    answerOf(scene.kill(executionId));
    answerOf(scene.kill(executionId, true));
    expect(scene.kills()).toEqual([
      [executionId, graceMs],
      [executionId, 0],
    ]);
    scene.exited(executionId, { exitCode: null, signal: "SIGKILL" });
    expect(answerOf(scene.kill(executionId)).state).toBe("killed");
    const other = scene.running();
    scene.exited(other);
    const response = scene.kill(other);
    expect(response).toMatchObject({ code: "execution-over", message: expect.stringContaining("completed already") });
    expect(codeOf(scene.kill("exec-nobody-1"))).toBe("unknown-execution");
    expect(scene.kills()).toHaveLength(2);
  });

  test("before the process is there ends it when it comes, or when it never does", () => {
    const scene = new Scene();
    const [first, second, third] = [scene.spawn(), scene.spawn(), scene.spawn()];
    for (const executionId of [first, second, third]) answerOf(scene.kill(executionId));
    answerOf(scene.broker.do({ type: "spawned", executionId: first, process }));
    expect(scene.of(first)).toMatchObject({ state: "killing", process, startedAt: null });
    answerOf(scene.broker.do({ type: "spawned", executionId: first, process: { pid: 1, startedAs: "another" } }));
    expect(scene.of(first).process).toEqual(process);
    scene.exited(first);
    answerOf(scene.broker.do({ type: "spawn-failed", executionId: second, error: "ENOENT" }));
    answerOf(scene.broker.do({ type: "missing", executionId: third }));
    for (const executionId of [first, second, third]) expect(scene.of(executionId).state).toBe("killed");
  });

  test("of all ends whatever has not ended, and tells which (OR-6)", () => {
    const scene = new Scene();
    const over = scene.running();
    scene.exited(over);
    const live = [scene.running(), scene.spawn(), scene.running()];
    answerOf(scene.kill(live[2]!));
    const { executionIds } = answerOf(scene.broker.do({ type: "kill-all", message: { ...asked, now: true } }));
    expect(executionIds).toEqual(live);
    expect(scene.kills().slice(1)).toEqual(live.map((executionId) => [executionId, 0]));
    for (const executionId of live) expect(scene.of(executionId).state).toBe("killing");
    expect(answerOf(new Scene().broker.do({ type: "kill-all", message: asked }))).toEqual({ executionIds: [] });
  });
});

describe("a broker that comes back", () => {
  test("goes on with those that it finds, and ends again whatever was being ended (case 72)", () => {
    const scene = new Scene();
    const [spawning, running, killing] = [scene.spawn(), scene.running(), scene.running()];
    answerOf(scene.kill(killing));
    const startedAt = scene.of(running).startedAt;
    scene.broker.nowMs += 1_000;
    scene.broker.restart();
    for (const executionId of [spawning, running, killing]) {
      answerOf(scene.broker.do({ type: "found", executionId, process }));
    }
    expect(scene.of(spawning)).toMatchObject({ state: "running", startedAt: scene.broker.nowMs });
    expect(scene.of(running)).toMatchObject({ state: "running", startedAt });
    expect(scene.kills()).toEqual([
      [killing, graceMs],
      [killing, graceMs],
    ]);
  });

  test("marks as failed what is gone, and as killed what was to go", () => {
    const scene = new Scene();
    const [spawning, running, killing] = [scene.spawn(), scene.running(), scene.running()];
    answerOf(scene.kill(killing));
    scene.broker.restart();
    for (const executionId of [spawning, running, killing]) {
      answerOf(scene.broker.do({ type: "missing", executionId }));
    }
    expect(scene.of(spawning)).toMatchObject({ state: "failed", error: expect.stringContaining("had started it") });
    expect(scene.of(running)).toMatchObject({ state: "failed", error: expect.stringContaining("was away") });
    expect(scene.of(killing).state).toBe("killed");
  });

  test("ends what it finds and knows nothing of, or takes for over", () => {
    const scene = new Scene();
    const over = scene.running();
    scene.exited(over);
    scene.broker.restart();
    for (const executionId of [over, "exec-lost-1"]) answerOf(scene.broker.do({ type: "found", executionId, process }));
    expect(scene.kills()).toEqual([
      [over, 0],
      ["exec-lost-1", 0],
    ]);
    expect(scene.of(over).state).toBe("completed");
  });

  test("never gives an id twice, and keeps the order of those that it knew", () => {
    const scene = new Scene();
    const first = scene.spawn();
    const second = scene.spawn();
    scene.broker.nowMs += 10;
    const third = scene.running();
    scene.exited(third);
    scene.broker.nowMs += 10;
    const fourth = scene.running();
    scene.exited(fourth, { exitCode: 1 });
    scene.broker.restart();
    const fifth = scene.spawn();
    const ids = executionViews(scene.broker.state).map(({ executionId }) => executionId);
    expect(ids).toEqual([first, second, third, fourth, fifth]);
    expect(new Set(ids).size).toBe(5);
    expect(scene.broker.state.executionsSettled.oldest).toBe(third);
  });
});

describe("the list", () => {
  test("shows all, or those in one state (OR-5)", () => {
    const scene = new Scene();
    const [running, spawning] = [scene.running(), scene.spawn()];
    const inState = (state?: ExecutionState) =>
      executionViews(scene.broker.state, state).map(({ executionId, pid }) => [executionId, pid]);
    expect(inState()).toEqual([
      [running, process.pid],
      [spawning, null],
    ]);
    expect(inState("running")).toEqual([[running, process.pid]]);
    expect(inState("killed")).toEqual([]);
  });

  test("takes no more than its limit at once", () => {
    const scene = new Scene();
    for (let count = 0; count < brokerLimits.executionsLiveMax; count += 1) scene.spawn();
    expect(codeOf(scene.broker.do({ type: "spawn", spec }))).toBe("full");
    const [first] = scene.broker.state.executions.keys();
    answerOf(scene.broker.do({ type: "spawn-failed", executionId: first!, error: "" }));
    expect(codeOf(scene.broker.do({ type: "spawn", spec }))).toBe("ok");
  });

  test("takes no more from a drained broker, whose agents could not join, and shows those that it has", () => {
    const scene = new Scene();
    const before = scene.spawn();
    answerOf(scene.broker.do({ type: "drain", reason: "maintenance" }));
    expect(codeOf(scene.broker.do({ type: "spawn", spec }))).toBe("out-of-service");
    expect(executionViews(scene.broker.state).map(({ executionId }) => executionId)).toEqual([before]);
    expect(answerOf(scene.kill(before)).state).toBe("killing");
    scene.broker.restart();
    expect(codeOf(scene.broker.do({ type: "spawn", spec }))).toBe("ok");
  });

  test("forgets those first that ended first, in the store too", () => {
    const scene = new Scene();
    const { broker } = scene;
    const first = scene.running();
    scene.exited(first);
    const second = scene.running();
    scene.exited(second);
    // As many more as are remembered, loaded at once: each turn looks at all of them.
    const template = scene.of(second);
    for (let count = 2; count < brokerLimits.settledExecutionsMax; count += 1) {
      const executionId = `exec-old-${count}`;
      broker.state.executions.set(executionId, { ...template, executionId });
      broker.state.executionsSettled.add(executionId);
    }
    const third = scene.running();
    scene.exited(third);
    expect(broker.state.executions.has(first)).toBe(false);
    expect(broker.storedExecutions.has(first)).toBe(false);
    expect(broker.state.executions.has(second)).toBe(true);
    assertExecutions(broker.state);
  });
});

describe("the steps (OR-1, OR-5)", () => {
  const steps = {
    running: (turn, execution) => transitionToRunning(turn, execution, process),
    killing: (turn, execution) => transitionToKilling(turn, execution, "asked"),
    completed: transitionToCompleted,
    failed: (turn, execution) => transitionToFailed(turn, execution, { error: "it broke" }),
    killed: (turn, execution) => transitionToKilled(turn, execution),
  } satisfies Partial<Record<ExecutionState, (turn: ReturnType<typeof beginTurn>, execution: ExecutionRecord) => void>>;

  const bare = (state: ExecutionState): ExecutionRecord => ({
    ...{ executionId: "exec-a-1", spec, state, process: null, spawnedAt: 1, startedAt: null, completedAt: null },
    ...{ exitCode: null, error: null, origin: null, killReason: "asked" },
  });

  for (const from of executionStates) {
    for (const [to, take] of Object.entries(steps)) {
      const isAllowed = executionSuccessors[from].includes(to as ExecutionState);
      test(`from ${from} to ${to} ${isAllowed ? "is taken" : "throws, naming both"}`, () => {
        const turn = beginTurn(new CoreBroker().state, 1_000_000);
        const execution = bare(from);
        if (isAllowed) {
          take(turn, execution);
          expect(execution.state).toBe(to);
        } else {
          const both = new RegExp(`from ${from} to ${to}`);
          expect(() => take(turn, execution)).toThrow(AssertionError);
          expect(() => take(turn, bare(from))).toThrow(both);
        }
      });
    }
  }

  test("set each time once", () => {
    const turn = beginTurn(new CoreBroker().state, 1_000_000);
    expect(() => transitionToRunning(turn, { ...bare("spawning"), startedAt: 1 }, process)).toThrow("starts once");
    expect(() => transitionToCompleted(turn, { ...bare("running"), completedAt: 1 })).toThrow("ends once");
    expect(() => transitionToKilled(turn, { ...bare("killing"), killReason: null })).toThrow("for a reason");
  });
});

describe("the invariants", () => {
  test.each<[string, Partial<ExecutionRecord>]>([
    ["listed so", { state: "completed", completedAt: 1, startedAt: 1 }],
    ["exactly when it is over", { completedAt: 1 }],
    ["has not started", { state: "spawning", startedAt: 1, process }],
    ["has a process", { process: null }],
    ["has started", { startedAt: null }],
    ["for a reason", { killReason: "none" }],
    ["says why", { error: "none" }],
  ])("notice what cannot be: %s", (says, wrong) => {
    const scene = new Scene();
    Object.assign(scene.of(scene.running()), wrong);
    expect(() => assertExecutions(scene.broker.state)).toThrow(says);
  });

  test("notice more than the limit", () => {
    const scene = new Scene();
    const template = scene.of(scene.running());
    for (let count = 0; count < brokerLimits.executionsLiveMax; count += 1) {
      const executionId = `exec-more-${count}`;
      scene.broker.state.executions.set(executionId, { ...template, executionId });
    }
    expect(() => assertExecutions(scene.broker.state)).toThrow("than the limit says");
  });
});
