import { describe, expect, test } from "vitest";

import { type Draws, SmallWorld, wayMs } from "../testing/small-world.ts";
import { BrokerBody } from "./broker-body.ts";
import type { BrokerCall, Route } from "./broker-call.ts";
import { type Disturbance, Link } from "./link.ts";
import { Network } from "./network.ts";

const timeoutMs = 1_000;

/** A host that calls a broker which answers at once; who heard what, and when. */
function scene({ draws = [], encoding = "objects" }: { draws?: number[]; encoding?: "objects" | "bytes" } = {}) {
  const streams: Draws = { "link:0": draws };
  const small = new SmallWorld({ draws: streams, options: { encoding } });
  const { world } = small;
  const link = new Link(world, world.tape.stream("link:0"));
  const network = new Network(world);
  const taken: [number, unknown][] = [];
  const heard: [number, string][] = [];
  const caller = {
    alive: true,
    caller: { agentId: "agent", instanceId: "instance" },
    answered: (_call: BrokerCall, outcome: { ok: boolean; code?: string }) =>
      void heard.push([world.nowMs, outcome.ok ? "ok" : String(outcome.code)]),
  };
  const broker = {
    isUp: true,
    take(call: BrokerCall, message: unknown) {
      taken.push([world.nowMs, message]);
      network.answer(call, { ok: true, answer: { ok: true } }, link);
    },
  };
  network.broker = broker;
  const send = (message: unknown = { reason: "test" }, route: Route = "resumed"): BrokerCall => {
    const deadlineMs = world.nowMs + timeoutMs;
    const call = {
      route,
      message,
      leaseId: "",
      generation: 0,
      sentAtMs: 0,
      deadlineMs,
      settled: false,
      watched: false,
    };
    const whole: BrokerCall = { ...call, from: caller };
    network.send(whole, link);
    return whole;
  };
  return { ...{ small, world, link, network, broker, caller, taken, heard, send } };
}

type Case = [string, Disturbance | null, number[], { taken: number[]; heard: [number, string][] }];
const arrived = wayMs;
const answered = 2 * wayMs;
const overdue: [number, string] = [timeoutMs, "unreachable"];

describe("a call", () => {
  test.each<Case>([
    ["goes through", null, [], { taken: [arrived], heard: [[answered, "ok"]] }],
    ["is cut off both ways", { how: "cut", direction: "both" }, [], { taken: [], heard: [overdue] }],
    ["is cut off on its way", { how: "cut", direction: "to-broker" }, [], { taken: [], heard: [overdue] }],
    ["has its answer cut off", { how: "cut", direction: "to-agent" }, [], { taken: [arrived], heard: [overdue] }],
    [
      "is reset on its way",
      { how: "reset", direction: "to-broker" },
      [],
      { taken: [], heard: [[arrived, "unreachable"]] },
    ],
    [
      "has its answer reset",
      { how: "reset", direction: "to-agent" },
      [],
      { taken: [arrived], heard: [[answered, "unreachable"]] },
    ],
    ["is lost", { how: "lossy", direction: "to-broker" }, [1], { taken: [], heard: [overdue] }],
    ["is not lost", { how: "lossy", direction: "both" }, [0, 0], { taken: [arrived], heard: [[answered, "ok"]] }],
    ["has its answer lost", { how: "lossy", direction: "both" }, [0, 1], { taken: [arrived], heard: [overdue] }],
    [
      "is slow, and in time",
      { how: "slow", direction: "to-broker" },
      [500],
      { taken: [500 + arrived], heard: [[500 + answered, "ok"]] },
    ],
    [
      "has its answer at the very deadline",
      { how: "slow", direction: "to-agent" },
      [timeoutMs - answered],
      { taken: [arrived], heard: [[timeoutMs, "ok"]] },
    ],
    [
      "has its answer a moment too late",
      { how: "slow", direction: "to-agent" },
      [timeoutMs - answered + 1],
      { taken: [arrived], heard: [overdue] },
    ],
    [
      "reaches the broker when its caller has long given up",
      { how: "slow", direction: "to-broker" },
      [15_000],
      { taken: [15_000 + arrived], heard: [overdue] },
    ],
    [
      "arrives twice and is heard once",
      { how: "duplicating", direction: "to-broker" },
      [99],
      { taken: [arrived, arrived + 100], heard: [[answered, "ok"]] },
    ],
    [
      "has its answer doubled and is heard once",
      { how: "duplicating", direction: "to-agent" },
      [99],
      { taken: [arrived], heard: [[answered, "ok"]] },
    ],
  ])("that %s", (_, disturbance, draws, expected) => {
    const { small, link, taken, heard, send } = scene({ draws });
    if (disturbance !== null) link.disturb(disturbance);
    send();
    small.passUntil(60_000);
    expect(taken.map(([atMs]) => atMs)).toEqual(expected.taken);
    expect(heard).toEqual(expected.heard);
  });

  test("overtakes the one before it where the link reorders", () => {
    const { small, link, taken, send } = scene({ draws: [500, 0] });
    link.disturb({ how: "reordering", direction: "to-broker" });
    send({ reason: "first" });
    send({ reason: "second" });
    small.passUntil(600);
    expect(taken).toEqual([
      [arrived, { reason: "second" }],
      [arrived + 500, { reason: "first" }],
    ]);
  });

  test("to a broker that is down is refused, and the refusal has the same way to go", () => {
    const { small, link, broker, heard, send } = scene();
    broker.isUp = false;
    send();
    small.passUntil(100);
    expect(heard).toEqual([[answered, "unreachable"]]);
    link.disturb({ how: "cut", direction: "to-agent" });
    send();
    small.passUntil(5_000);
    expect(heard.slice(1)).toEqual([[100 + timeoutMs, "unreachable"]]);
  });

  test("for a stream arrives once, however often it is on its way: no signature counts twice", () => {
    const { small, link, taken, send } = scene({ draws: [9, 9] });
    link.disturb({ how: "duplicating", direction: "both" });
    send();
    small.passUntil(5_000);
    expect(taken).toHaveLength(2);
    send({}, "events");
    small.passUntil(10_000);
    expect(taken).toHaveLength(3);
  });

  test("of a process that died is heard by nobody", () => {
    const { small, caller, taken, heard, send } = scene();
    send();
    caller.alive = false;
    small.passUntil(5_000);
    expect([taken.length, heard]).toEqual([1, []]);
  });

  test("crosses as bytes by its schema, which refuses what the protocol does not know", () => {
    const { small, taken, send } = scene({ encoding: "bytes" });
    const message = { reason: "test", missing: undefined };
    send(message);
    small.passUntil(5_000);
    expect(taken.map(([, said]) => said)).toStrictEqual([{ reason: "test" }]);
    expect(() => send({ reason: "test", unknown: 1 })).toThrow(/the request resumed.*Unrecognized key/);
  });

  test("to a broker that stands still is given up at its deadline, and taken late", () => {
    const { small, world, network, heard, send } = scene();
    const body = new BrokerBody(world, network, {
      storeFails: false,
      onReleased: () => undefined,
      onPauseAcknowledged: () => undefined,
    });
    body.start();
    body.stall(5_000);
    const before = world.steps;
    send({ agentId: "a".repeat(64), reason: "test" });
    small.passUntil(4_999);
    expect([heard, world.steps - before]).toEqual([[overdue], 0]);
    small.passUntil(10_000);
    expect([heard, world.steps - before]).toEqual([[overdue], 1]);
  });
});

describe("a link", () => {
  test("is mended when its disturbance ends, and not when only one of two does", () => {
    const { world, link } = scene();
    const cut = { how: "cut", direction: "to-broker" } as const;
    const ends = [link.disturb({ ...cut }), link.disturb({ ...cut })] as const;
    expect([link.pass("to-broker").fate, link.pass("to-agent").fate]).toEqual(["lost", "arrives"]);
    ends[0]();
    ends[0]();
    expect(link.pass("to-broker").fate).toBe("lost");
    ends[1]();
    expect(link.pass("to-broker").fate).toBe("arrives");
    expect(world.heap.size).toBe(0);
  });

  test("takes from the least to the most that a message may take", () => {
    const small = new SmallWorld({ draws: { "link:0": [0, 15, 99] }, options: { latencyMsMin: 5, latencyMsMax: 20 } });
    const link = new Link(small.world, small.world.tape.stream("link:0"));
    const delays = [0, 1, 2].map(() => link.pass("to-broker").delayMs);
    expect(delays).toEqual([5, 20, 20]);
  });
});
