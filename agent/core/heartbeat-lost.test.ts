import { expect, test } from "vitest";

import { present } from "../../foundation/assert.ts";
import { timingRules } from "../../protocol/timing-rules.ts";
import { ModelWorld } from "../testing/model-world.ts";
import type { BrokerFailure } from "./outcome.ts";

const unreachable: BrokerFailure = { ok: false, code: "unreachable", retriable: true, message: "timed out" };

/** At work, and just heard by its broker. */
function heardWorld(requestTimeoutMs: number): ModelWorld {
  // A model of a timer is never late: the jitter has no part in this.
  const world = new ModelWorld({ slots: 1, timing: { heartbeatJitterRatio: 0, requestTimeoutMs } });
  world.broker.jobsQueued = 1;
  world.drain();
  while (world.pending[0]?.name !== "heartbeat") world.fireNextTimer();
  world.happenNext();
  return world;
}

/** The next heartbeat is under way, and nobody hears it. */
function loseNext(world: ModelWorld): { sentAtMs: number } {
  while (world.pending[0]?.name !== "heartbeat") if (!world.happenNext()) world.fireNextTimer();
  world.pending.shift();
  return { sentAtMs: world.nowMs };
}

test.each([10_000, 40_000])(
  "one heartbeat that nobody hears, for %d ms, is followed as late as the rule between the times allows for, and no later",
  (requestTimeoutMs) => {
    const world = heardWorld(requestTimeoutMs);
    const { timing } = world.core;
    const heardAtMs = world.nowMs;
    const { sentAtMs } = loseNext(world);
    // Its end wakes the agent at the last moment of the call.
    world.nowMs = sentAtMs + requestTimeoutMs;
    world.jobEnds("lease-1");
    while (world.core.heartbeat.again === null) expect(world.happenNext()).toBe(true);
    world.see({ type: "heartbeatAnswered", outcome: unreachable, sentAtMs });
    loseNext(world);
    const rule = present(
      timingRules.find(({ name }) => name === "one-late-heartbeat"),
      "there is that rule",
    );
    expect(world.nowMs - heardAtMs).toBe(rule.boundMs(timing));
  },
);
