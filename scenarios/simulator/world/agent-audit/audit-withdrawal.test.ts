import { beforeEach, describe, expect, test } from "vitest";

import type { AgentInput } from "../../../../agent/core/input.ts";
import type { Withdrawal } from "../../../../agent/core/state.ts";
import type { ModelWorld } from "../../../../agent/testing/model-world.ts";
import { workingWorld } from "../../../../agent/testing/working-world.ts";
import { present } from "../../../../foundation/assert.ts";
import { audited, type Made, without } from "../../testing/audited-decision.ts";

let world: ModelWorld;

beforeEach(() => {
  world = workingWorld();
});

function withdraw(deadlineMs = 10_000): AgentInput {
  return { type: "control", requestId: `within ${deadlineMs}`, request: { command: "withdraw", deadlineMs } };
}

function withdrawalOf({ core }: Pick<Made, "core">): Withdrawal {
  return present(core.withdrawal, "it withdraws");
}

/** Lets the withdrawal come to a step, and to the moment at which it has asked for what that step wants. */
function comeTo(step: Withdrawal["record"]["current"]): Withdrawal {
  world.see(withdraw());
  world.goOnUntil(() => withdrawalOf(world).record.current === step && withdrawalOf(world).asked);
  return withdrawalOf(world);
}

describe("the audit of a withdrawal's time", () => {
  test("lets it begin, be hastened and be signalled to", () => {
    audited(world, withdraw());
    audited(world, withdraw(5_000));
    for (let signal = 0; signal < 3; signal += 1) {
      world.nowMs += 600;
      audited(world, { type: "signal", name: "SIGTERM" });
    }
    expect(withdrawalOf(world).signals).toBe(3);
  });

  test("objects when it begins with other time, stops nothing, or leaves timers running", () => {
    const longer = (made: Made): void => void (withdrawalOf(made).endsAtMs += 1);
    expect(() => audited(workingWorld(), withdraw(), longer)).toThrow("ends by its deadline");
    expect(() => audited(workingWorld(), withdraw(), (made) => without(made, "freezeAll"))).toThrow(
      "stopping everything",
    );
    expect(() => audited(workingWorld(), withdraw(), (made) => without(made, "clearTimer"))).toThrow(
      "does not wait for",
    );
    expect(() => audited(workingWorld(), withdraw(), (made) => without(made, "setTimer"))).toThrow("by its share");
  });

  test("objects when a wish or a signal changes its end otherwise than it should", () => {
    world.see(withdraw());
    const keep = (made: Made): void => void (withdrawalOf(made).endsAtMs = world.nowMs + 10_000);
    expect(() => audited(world, withdraw(1_000), keep)).toThrow("a withdrawal ends 1000 ms from now");
    world = workingWorld();
    world.see(withdraw());
    const count = (made: Made): void => void (withdrawalOf(made).signals = 0);
    expect(() => audited(world, { type: "signal", name: "SIGTERM" }, count)).toThrow("each signal counts once");
  });

  test("objects when what is under way is not hurried", () => {
    comeTo("terminate");
    expect(() => audited(world, withdraw(1_000), (made) => without(made, "endStrays"))).toThrow("is hurried");
  });
});

describe("the audit of what a withdrawal says to its broker", () => {
  const confirmed: AgentInput = {
    type: "withdrawAnswered",
    outcome: { ok: true, value: { leasesHandedBack: 1, revokedAt: 1 } },
  };

  test("objects when it names other leases than the broker counts", () => {
    world.see(withdraw());
    world.goOnUntil(() => withdrawalOf(world).record.current === "terminate" && withdrawalOf(world).asked);
    const ended: AgentInput = { type: "straysEnded", terminated: 1, left: [] };
    const forget = ({ effects }: Made): void => {
      const at = effects.findIndex(({ kind }) => kind === "withdraw");
      const message = present(effects[at], "the broker is told");
      if (message.kind === "withdraw") effects[at] = { ...message, handedBack: [] };
    };
    expect(() => audited(world, ended, forget)).toThrow("is remembered");
  });

  test("lets a confirmation pass, and objects to a report that says otherwise", () => {
    const begun = structuredClone(comeTo("hand-back"));
    audited(world, confirmed);
    world.core.withdrawal = structuredClone(begun);
    const deny = (made: Made): void => void (withdrawalOf(made).record.keyRevoked = "deferred");
    expect(() => audited(world, confirmed, deny)).toThrow("what the broker confirmed is confirmed");
    world.core.withdrawal = begun;
    const miscount = (made: Made): void => void (withdrawalOf(made).record.leasesHandedBack = 7);
    expect(() => audited(world, confirmed, miscount)).toThrow("counts what the broker took back");
  });

  test("objects when it does not ask again while there is time", () => {
    comeTo("hand-back");
    const failed: AgentInput = {
      type: "withdrawAnswered",
      outcome: { ok: false, code: "unreachable", retriable: true, message: "no answer" },
    };
    const never = (made: Made): void => void (withdrawalOf(made).retryAtMs = world.nowMs + 60_000);
    expect(() => audited(world, failed, never)).toThrow("hand-back is looked at again");
  });
});

describe("the audit of how a withdrawal empties its host", () => {
  test("objects when the report hides what is left", () => {
    comeTo("terminate");
    const left = [{ pid: 7, startTime: "7", command: "stray" }];
    const hide = (made: Made): void => {
      const { record } = withdrawalOf(made);
      record.steps = record.steps.map((result) => ({ ...result, outcome: "done" as const }));
    };
    expect(() => audited(world, { type: "straysEnded", terminated: 1, left }, hide)).toThrow(
      "terminate that it is failed",
    );
  });

  test("objects when a lease is stopped and not ended, or its time is another", () => {
    world.see(withdraw());
    world.goOnUntil(() => withdrawalOf(world).record.current === "checkpoint");
    world.nowMs += 6_000;
    const wake: AgentInput = { type: "timer", name: "withdraw" };
    expect(() => audited(world, wake, (made) => without(made, "terminateSandbox"))).toThrow("is ended at once");
  });
});
