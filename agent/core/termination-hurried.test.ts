import { describe, expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";
import type { AgentInput } from "./input.ts";

type Terminate = Extract<AgentEffect, { kind: "terminateSandbox" }>;

const leaseId = "lease-1";
const signal: AgentInput = { type: "signal", name: "SIGTERM" };
const withdraw = (deadlineMs: number): AgentInput => ({
  type: "control",
  requestId: `withdraw-${deadlineMs}`,
  request: { command: "withdraw", deadlineMs },
});
const revoked: AgentInput = {
  type: "brokerEvent",
  event: { event: "lease_revoked", data: { leaseId, epoch: 1, reason: "it was cancelled" } },
};

/** An agent whose only job is being ended because its lease was cancelled, since a moment ago. */
function endingJob() {
  const world = workingWorld();
  let { core, nowMs } = world;
  const see = (input: AgentInput): Terminate[] => {
    const turn = apply(core, input, nowMs);
    core = turn.state;
    const terminations = turn.effects.filter((effect) => effect.kind === "terminateSandbox");
    const frozen = turn.effects.find((effect) => effect.kind === "freezeAll");
    if (frozen === undefined) return terminations;
    const { generation } = frozen;
    return [...terminations, ...see({ type: "frozen", generation, freezeMs: 1, processes: 1, running: [] })];
  };
  const pass = (ms: number): void => void (nowMs += ms);
  const [first] = see(revoked);
  expect(first).toMatchObject({ graceMs: core.timing.terminateGraceMs });
  pass(500);
  return { see, pass, core: () => core };
}

describe("a job that is being ended already", () => {
  test("is hurried by a withdrawal, to end within its share", () => {
    const { see } = endingJob();
    const [hurried] = see(withdraw(10_000));
    expect(hurried).toMatchObject({ leaseId });
    expect(hurried?.graceMs).toBeLessThanOrEqual(1_500);
    expect(hurried?.deadlineMs).toBeLessThanOrEqual(6_500);
  });

  test("is hurried again when the withdrawal is to end sooner, and not when it is to end later", () => {
    const { see, pass } = endingJob();
    see(withdraw(60_000));
    pass(1_000);
    const [hurried] = see(withdraw(1_500));
    expect(hurried?.graceMs).toBeLessThanOrEqual(225);
    expect(hurried?.deadlineMs).toBeLessThanOrEqual(975);
    expect(hurried?.deadlineMs).toBeGreaterThan(500);
    pass(100);
    expect(see(withdraw(60_000))).toEqual([]);
  });

  test("goes on in its grace when a shutdown has frozen it, and is killed by the second signal", () => {
    const { see, pass, core } = endingJob();
    expect(see(signal)).toMatchObject([{ leaseId, graceMs: core().timing.terminateGraceMs }]);
    pass(1_000);
    expect(see(signal)).toMatchObject([{ leaseId, graceMs: 0, deadlineMs: 2_000 }]);
  });

  test("is not woken for a TERM when the host is paused", () => {
    const { see } = endingJob();
    see({ type: "control", requestId: "pause", request: { command: "pause" } });
    expect(see(signal)).toMatchObject([{ leaseId, graceMs: 0 }]);
  });
});

/** A withdrawal whose only job does not end in its share of the time, when the last look over the host is asked for. */
function stubbornJob() {
  const { see, pass, core } = endingJob();
  see(withdraw(10_000));
  pass(6_600);
  see({ type: "timer", name: "withdraw" });
  expect(core().withdrawal?.asked).toBe(true);
  return { see, core };
}

const stray = { pid: 7, startTime: "70", command: "stubborn" };

describe("the last look over the host", () => {
  test("is what the report goes by, whoever was named before", () => {
    const { see, core } = stubbornJob();
    see({ type: "sandboxTerminated", leaseId, terminated: 0, left: [stray, { ...stray, pid: 8 }] });
    see({ type: "straysEnded", terminated: 1, left: [stray] });
    expect(core().withdrawal?.record.processesLeft).toEqual([stray]);
    const step = core().withdrawal?.record.steps.find((one) => one.step === "terminate");
    expect(step).toMatchObject({ outcome: "failed", measured: "1 processes ended, 1 seen alive afterwards" });
  });

  test("that sees nobody ends what could not be ended before", () => {
    const { see, core } = stubbornJob();
    see({ type: "sandboxTerminated", leaseId, terminated: 0, left: [stray] });
    expect(core().leases[leaseId]?.stage).toBe("broken");
    see({ type: "straysEnded", terminated: 1, left: [] });
    expect(core().leases[leaseId]?.execution).toBe("killed");
    expect(core().withdrawal?.record.processesLeft).toEqual([]);
  });
});
