import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import type { FaultView, PutFault } from "../../../protocol/faults.ts";
import { WallMs } from "../../../protocol/identifiers.ts";
import * as messages from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import { LiveBroker, temporaryDirectory } from "../../testing/live-broker.ts";
import type { SigningClient } from "../../testing/signing-client.ts";
import { shiftTimes } from "./shift-times.ts";

type Asked = Omit<z.input<typeof PutFault>, "expiresInMs"> & { expiresInMs?: number };

/** Puts a rule, for a minute unless it says otherwise, and returns its id. */
async function put(live: LiveBroker, asked: Asked): Promise<string> {
  const { status, body } = await live.call("POST", routes.faults, { expiresInMs: 60_000, ...asked });
  if (status !== 200) throw new Error(`the fault was refused: ${JSON.stringify(body)}`);
  return body.ruleId;
}

async function rule(live: LiveBroker, ruleId: string): Promise<FaultView> {
  const faults: FaultView[] = (await live.call("GET", routes.faults)).body.faults;
  return faults.find((one) => one.ruleId === ruleId)!;
}

/** Resolves when the rule has had so many effects. */
async function hits(live: LiveBroker, ruleId: string, count: number): Promise<void> {
  while ((await rule(live, ruleId)).hits < count) await new Promise((resolve) => setImmediate(resolve));
}

const heartbeat = `POST ${routes.heartbeat}`;

async function faulty(): Promise<{ live: LiveBroker; agent: SigningClient }> {
  const live = await LiveBroker.start({ faults: true });
  return { live, agent: await live.agent() };
}

describe("a call that is told to fail", () => {
  test.each([
    [{ kind: "status", status: 503, code: "full" }, 0],
    [{ kind: "status", status: 503, code: "full", phase: "answer" }, 1],
  ] as const)("with %j is answered so, and is heeded %d times", async (fault, heeded) => {
    const { live, agent } = await faulty();
    const ruleId = await put(live, { fault, route: heartbeat });
    const answer = await agent.heartbeat();
    expect([answer.status, answer.body.code]).toEqual([503, "full"]);
    expect(live.history.filter(({ type }) => type === "broker.heartbeat")).toHaveLength(heeded);
    await live.call("DELETE", routes.fault(ruleId));
    expect((await agent.heartbeat()).status).toBe(200);
    expect(await rule(live, ruleId)).toMatchObject({ hits: 1, ended: { how: "removed" } });
  });

  test.each([
    ["request", 0],
    ["answer", 1],
  ] as const)("by a reset of its %s breaks off, and is heeded %d times", async (phase, heeded) => {
    const { live, agent } = await faulty();
    await put(live, { fault: { kind: "reset", phase }, first: 1 });
    const broken = agent.heartbeat();
    await expect(broken).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    expect(live.history.filter(({ type }) => type === "broker.heartbeat")).toHaveLength(heeded);
    expect((await agent.heartbeat()).status).toBe(200);
  });

  test("the first so many times works after that", async () => {
    const { live, agent } = await faulty();
    const ruleId = await put(live, { fault: { kind: "status", status: 500 }, first: 3 });
    const statuses = [];
    for (let call = 0; call < 5; call += 1) statuses.push((await agent.heartbeat()).status);
    expect(statuses).toEqual([500, 500, 500, 200, 200]);
    expect(await rule(live, ruleId)).toMatchObject({ hits: 3, ended: { how: "used-up" } });
  });

  test("for one agent and one route alone leaves the others in peace, and the operator", async () => {
    const { live, agent } = await faulty();
    const other = await live.agent();
    const fault = { kind: "status", status: 500 } as const;
    const mine = await put(live, { fault, agentId: agent.agentId, route: heartbeat });
    expect((await agent.heartbeat()).status).toBe(500);
    expect((await other.heartbeat()).status).toBe(200);
    expect((await agent.post(routes.resumed, { reason: "test" })).status).toBe(200);
    await live.call("DELETE", routes.fault(mine));
    await put(live, { fault });
    expect((await other.heartbeat()).status).toBe(500);
    expect((await live.call("GET", routes.jobs)).status).toBe(200);
    await put(live, { fault, route: `GET ${routes.jobs}` });
    expect((await live.call("GET", routes.jobs)).status).toBe(500);
    expect((await live.call("GET", routes.health)).status).toBe(200);
  });

  test("by latency is answered so much later, and at once when that is undone", async () => {
    const { live, agent } = await faulty();
    const ruleId = await put(live, { fault: { kind: "latency", delayMs: 5_000 } });
    let answered = 0;
    const first = agent.heartbeat().then(({ status }) => (answered = status));
    await hits(live, ruleId, 1);
    live.clock.advance(4_999);
    expect((await live.call("GET", routes.health)).status).toBe(200);
    expect(answered).toBe(0);
    live.clock.advance(1);
    expect(await first).toBe(200);
    const second = agent.heartbeat();
    await hits(live, ruleId, 2);
    await live.call("DELETE", routes.fault(ruleId));
    expect((await second).status).toBe(200);
  });

  test.each(["request", "answer"] as const)("by a hang of its %s goes on when that expires", async (phase) => {
    const { live, agent } = await faulty();
    const ruleId = await put(live, { fault: { kind: "hang", phase }, first: 2, expiresInMs: 30_000 });
    const hanging = agent.heartbeat();
    await hits(live, ruleId, 1);
    live.clock.advance(30_000);
    expect((await hanging).status).toBe(200);
    expect(await rule(live, ruleId)).toMatchObject({ hits: 1, ended: { how: "expired" } });
  });

  test("by a truncated body says how long it would be, and ends before", async () => {
    const { live, agent } = await faulty();
    const ruleId = await put(live, { fault: { kind: "truncate", afterBytes: 10 }, route: heartbeat });
    const body = Buffer.from(
      JSON.stringify({
        ...{ state: "Idle", slots: 2, slotsFree: 2, leases: [] },
        resources: { cpus: 1, loadAverage: 0, memoryBytesTotal: 1, memoryBytesFree: 1 },
      }),
    );
    const headers = { ...agent.headers("POST", routes.heartbeat, { body }), "content-type": "application/json" };
    const call = request(live.url + routes.heartbeat, { method: "POST", headers });
    call.end(body);
    const [response] = await once(call, "response");
    let received = "";
    response.setEncoding("utf8").on("data", (text: string) => (received += text));
    const [error] = await once(response, "error");
    expect([error.code, received.length]).toEqual(["ECONNRESET", 10]);
    expect(Number(response.headers["content-length"])).toBeGreaterThan(10);
    expect(received).toBe('{"brokerTi');
    expect((await rule(live, ruleId)).hits).toBe(1);
    await put(live, { fault: { kind: "truncate", afterBytes: 10_000 }, route: `POST ${routes.resumed}` });
    expect((await agent.post(routes.resumed, { reason: "test" })).status).toBe(200);
    expect((await rule(live, "fault-2")).hits).toBe(0);
  });
});

describe("events that are told to go wrong", () => {
  /** The agent's stream; `heard` resolves when it has brought so many events, with their reasons. */
  async function listen(live: LiveBroker, agent: SigningClient) {
    const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
    const response = await fetch(live.url + routes.events, { headers });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const reasons = () => Array.from(text.matchAll(/"reason":"(\w+)"/g), ([, reason]) => reason);
    const heard = async (count: number) => {
      while (reasons().length < count) {
        const { done, value } = await reader.read();
        if (done) break;
        text += value;
      }
      return reasons();
    };
    const say = async (reason: string) => {
      const command = { command: "pause", reason };
      expect((await live.call("POST", routes.agentCommands(agent.agentId), command)).status).toBe(200);
    };
    await reader.read();
    return { heard, say };
  }

  test("come twice", async () => {
    const { live, agent } = await faulty();
    const { heard, say } = await listen(live, agent);
    await put(live, { fault: { kind: "duplicate-events" }, agentId: agent.agentId, first: 1 });
    await say("one");
    await say("two");
    expect(await heard(3)).toEqual(["one", "one", "two"]);
  });

  test("come in another order, and the last one at the end of that", async () => {
    const { live, agent } = await faulty();
    const { heard, say } = await listen(live, agent);
    const ruleId = await put(live, { fault: { kind: "reorder-events" } });
    for (const reason of ["one", "two", "three"]) await say(reason);
    expect(await heard(2)).toEqual(["two", "one"]);
    expect((await rule(live, ruleId)).hits).toBe(1);
    live.clock.advance(60_000);
    expect(await heard(3)).toEqual(["two", "one", "three"]);
  });

  test("do not come", async () => {
    const { live, agent } = await faulty();
    const { heard, say } = await listen(live, agent);
    const ruleId = await put(live, { fault: { kind: "drop-events" } });
    await say("lost");
    await live.call("DELETE", routes.fault(ruleId));
    await say("heard");
    expect(await heard(1)).toEqual(["heard"]);
    expect((await rule(live, ruleId)).hits).toBe(1);
  });
});

describe("a clock that is told to be wrong", () => {
  test("shows in the Date, in every time of an answer, and in which signatures are fresh; then it is right", async () => {
    const { live, agent } = await faulty();
    await live.submit();
    const aheadMs = 200_000;
    const ruleId = await put(live, { fault: { kind: "wrong-clock", aheadMs } });
    const now = live.clock.nowMs();
    const wrong = await agent.heartbeat();
    expect(wrong.body.brokerTimeMs).toBe(now + aheadMs);
    expect(wrong.body.offers[0].expiresAt).toBe(now + aheadMs + 30_000);
    const secondsOff = (date: string | null) => Math.abs(Date.parse(date ?? "") - (now + aheadMs)) / 1_000;
    expect(secondsOff(wrong.headers.get("date"))).toBeLessThan(2);
    expect((await live.call("GET", routes.jobs)).body.jobs[0].submittedAt).toBe(now + aheadMs);
    expect((await rule(live, ruleId)).hits).toBeGreaterThanOrEqual(2);

    const further = await put(live, { fault: { kind: "wrong-clock", aheadMs } });
    expect((await agent.heartbeat()).body.code).toBe("stale-signature");
    for (const id of [ruleId, further]) await live.call("DELETE", routes.fault(id));
    const right = await agent.heartbeat();
    expect(right.body.brokerTimeMs).toBe(live.clock.nowMs());
    // The lease deadlines of the broker itself never moved.
    expect(live.broker.service.state.nowMs).toBe(live.clock.nowMs());
  });

  test("lets nobody send again what was taken before", async () => {
    const { live, agent } = await faulty();
    expect((await agent.heartbeat()).status).toBe(200);
    // Far enough that whoever asked that clock would forget every nonce, and none was fresh.
    const aheadMs = 3_600_000;
    const ruleId = await put(live, { fault: { kind: "wrong-clock", aheadMs } });
    const there = live.stranger({ aheadMs });
    expect((await there.enrol(live.broker.joinToken)).status).toBe(200);
    await live.call("DELETE", routes.fault(ruleId));
    expect((await agent.replay()).body.code).toBe("replayed");
    // Nor when the true clock comes to that time.
    const calm = live.stranger();
    await calm.enrol(live.broker.joinToken);
    for (let stepMs = 0; stepMs < aheadMs; stepMs += 200_000) {
      live.clock.advance(200_000);
      expect((await calm.heartbeat()).status).toBe(200);
    }
    expect((await there.replay()).body.code).toBe("replayed");
  });

  test("shows in every property that the messages give as a time, and in no other", () => {
    const times = new Set<string>();
    const others = new Set<string>();
    const walk = (schema: unknown): void => {
      if (schema instanceof z.ZodObject) {
        for (const [name, inner] of Object.entries(schema.shape)) {
          const bare = inner instanceof z.ZodNullable || inner instanceof z.ZodOptional ? inner.unwrap() : inner;
          (bare === WallMs ? times : others).add(name);
          walk(bare);
        }
      } else if (schema instanceof z.ZodArray) walk(schema.element);
    };
    for (const exported of Object.values(messages)) walk(exported);
    expect(times.size).toBeGreaterThanOrEqual(8);
    const shifted = (names: Set<string>) =>
      [...names].filter((name) => (shiftTimes({ [name]: 5 }, 1) as Record<string, number>)[name] === 6);
    expect(shifted(times)).toEqual([...times]);
    expect(shifted(others)).toEqual([]);
  });
});

describe("a store that is told to forget", () => {
  test("has lost its last writes after a restart, and no others", async () => {
    const directory = temporaryDirectory();
    const before = await LiveBroker.start({ directory, faults: true });
    const [kept] = await before.submit();
    const ruleId = await put(before, { fault: { kind: "forget-writes", writes: 2 } });
    const [early] = await before.submit();
    const late = [...(await before.submit()), ...(await before.submit())];
    expect((await rule(before, ruleId)).hits).toBe(3);
    expect((await before.call("GET", routes.jobs)).body.jobs).toHaveLength(4);
    await before.broker.close();
    const after = await LiveBroker.start({ directory });
    const { jobs } = (await after.call("GET", routes.jobs)).body;
    expect(jobs.map(({ jobId }: { jobId: string }) => jobId)).toEqual([kept, early]);
    expect(late).toHaveLength(2);
  });

  test("has everything again when that is undone", async () => {
    const directory = temporaryDirectory();
    const before = await LiveBroker.start({ directory, faults: true });
    const ruleId = await put(before, { fault: { kind: "forget-writes", writes: 50 } });
    await before.submit();
    await before.submit();
    await before.call("DELETE", routes.fault(ruleId));
    await before.submit();
    await before.broker.close();
    const after = await LiveBroker.start({ directory });
    expect((await after.call("GET", routes.jobs)).body.jobs).toHaveLength(3);
  });

  test("is refused where everything is forgotten anyway", async () => {
    const live = await LiveBroker.start({ faults: true });
    const asked = { fault: { kind: "forget-writes", writes: 1 }, expiresInMs: 1_000 };
    expect((await live.call("POST", routes.faults, asked)).body.message).toContain("in memory");
  });
});

describe("rules", () => {
  test.each([
    ["POST", routes.faults, { fault: { kind: "hang" }, expiresInMs: 1_000 }],
    ["GET", routes.faults, undefined],
    ["DELETE", routes.fault("fault-1"), undefined],
  ])("%s %s is refused by name without --faults", async (method, path, body) => {
    const live = await LiveBroker.start();
    expect(await live.call(method, path, body)).toMatchObject({ status: 403, body: { code: "faults-off" } });
  });

  test.each([
    { fault: { kind: "hang" } },
    { fault: { kind: "hang" }, expiresInMs: 3_600_001 },
    { fault: { kind: "hang" }, expiresInMs: 1, route: "POST /nowhere" },
    { fault: { kind: "hang" }, expiresInMs: 1, route: "GET /healthz" },
    { fault: { kind: "hang" }, expiresInMs: 1, route: `DELETE ${routes.fault(":ruleId")}` },
    { fault: { kind: "drop-events" }, expiresInMs: 1, route: heartbeat },
    { fault: { kind: "wrong-clock", aheadMs: 5 }, expiresInMs: 1, agentId: "a".repeat(64) },
    { fault: { kind: "wrong-clock", aheadMs: 0 }, expiresInMs: 1 },
    ...[routes.events, routes.executionEvents].flatMap((path) => [
      { fault: { kind: "latency", delayMs: 5, phase: "answer" }, expiresInMs: 1, route: `GET ${path}` },
      { fault: { kind: "hang", phase: "answer" }, expiresInMs: 1, route: `GET ${path}` },
      { fault: { kind: "status", status: 500, phase: "answer" }, expiresInMs: 1, route: `GET ${path}` },
      { fault: { kind: "reset", phase: "answer" }, expiresInMs: 1, route: `GET ${path}` },
      { fault: { kind: "truncate", afterBytes: 1 }, expiresInMs: 1, route: `GET ${path}` },
    ]),
    { fault: { kind: "gremlins" }, expiresInMs: 1 },
  ])("%j is refused: it has no end, or could never have an effect, or none could undo it", async (asked) => {
    const live = await LiveBroker.start({ faults: true });
    expect((await live.call("POST", routes.faults, asked)).body.code).toBe("bad-request");
    expect((await live.call("GET", routes.faults)).body.faults).toEqual([]);
  });

  test.each([{ kind: "status", status: 503 }, { kind: "reset" }, { kind: "latency", delayMs: 1 }] as const)(
    "%j has an effect on a request for a stream",
    async (fault) => {
      const live = await LiveBroker.start({ faults: true });
      const agent = await live.agent();
      const ruleId = await put(live, { fault, route: `GET ${routes.events}` });
      const headers = { ...agent.headers("GET", routes.events), accept: "text/event-stream" };
      const asked = fetch(live.url + routes.events, { headers })
        .then(async ({ body }) => await body?.cancel())
        // As it is to be.
        .catch(() => undefined);
      await hits(live, ruleId, 1);
      live.clock.advance(1);
      await asked;
      expect((await live.call("GET", routes.faults)).body.faults).toMatchObject([{ hits: 1 }]);
    },
  );

  test("end with the broker: what hangs is answered, and the next start misbehaves in nothing", async () => {
    const directory = temporaryDirectory();
    const live = await LiveBroker.start({ directory, faults: true });
    const agent = await live.agent();
    const ruleId = await put(live, { fault: { kind: "hang" } });
    const hanging = agent.heartbeat();
    await hits(live, ruleId, 1);
    await live.broker.close();
    expect((await hanging).status).toBe(200);
    const stages = live.history.flatMap(({ type, data }) => (type === "broker.fault" ? [data] : []));
    expect(stages).toEqual([
      { ruleId, kind: "hang", stage: "put", hits: 0 },
      { ruleId, kind: "hang", stage: "stopped", hits: 1 },
    ]);
    const next = await LiveBroker.start({ directory, faults: true });
    expect((await next.call("GET", routes.faults)).body.faults).toEqual([]);
  });

  test("are counted in the metrics by kind", async () => {
    const { live, agent } = await faulty();
    await put(live, { fault: { kind: "status", status: 500 }, first: 2 });
    for (let call = 0; call < 3; call += 1) await agent.heartbeat();
    const text = await (await fetch(live.url + routes.metrics)).text();
    expect(text).toContain('houseguest_broker_fault_hits_total{kind="status"} 2\n');
  });
});
