import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, codeOf, handBackOf, named } from "../testing/core-broker.ts";

test("an agent that goes on with all its slots taken is not woken for work", () => {
  const broker = new CoreBroker();
  const agent = new CoreAgent(broker, { slots: 1 }).enrol().connect();
  broker.submit();
  const [lease] = agent.takeWork();
  // Its job has just ended, and it was paused before it could say so.
  agent.heartbeat({ state: "Working", slotsFree: 1, leases: [named(lease!)] });
  answerOf(broker.do({ type: "resumed", caller: agent.caller, message: { reason: "owner" } }));
  broker.submit();
  expect(broker.pushed(agent)).toEqual([]);
});

describe("enrolment", () => {
  test("asks strangers for the join token, and a signed revocation of everybody", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker);
    expect(codeOf(agent.tryEnrol({ joinTokenMatches: false }))).toBe("bad-join-token");
    expect(codeOf(agent.tryEnrol({ revocationVerified: false }))).toBe("bad-signature");
    expect(broker.state.agents.size).toBe(0);
    expect(codeOf(agent.tryHeartbeat())).toBe("unknown-agent");
  });

  test("is idempotent: the same instance again changes nothing that it holds", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    answerOf(agent.tryEnrol({ joinTokenMatches: false }));
    expect(agent.heartbeat({ slotsFree: 0, leases: [named(lease!)] }).renewed).toHaveLength(1);
  });

  test("of a crashed agent's next instance fences the old one at once (case 13)", () => {
    const broker = new CoreBroker();
    broker.submit(2);
    const agent = new CoreAgent(broker).enrol();
    const [kept, lost] = agent.takeWork();
    const before = agent.instanceId;
    agent.startAnew();
    agent.enrol();
    expect(codeOf(broker.do({ type: "connected", caller: { agentId: agent.agentId, instanceId: before } }))).toBe(
      "fenced",
    );
    const stale = { type: "complete", caller: { agentId: agent.agentId, instanceId: before } } as const;
    const message = { epoch: kept!.epoch, outcome: "completed", exitCode: 0, progress: 1 } as const;
    expect(codeOf(broker.do({ ...stale, leaseId: kept!.leaseId, message }))).toBe("fenced");

    const { renewed } = agent.heartbeat({ slotsFree: 1, leases: [named(kept!)] });
    expect(renewed.map(({ leaseId }) => leaseId)).toEqual([kept!.leaseId]);
    broker.waitOut(lost!.jobId);
    const { offers } = agent.heartbeat({ slotsFree: 1, leases: [named(kept!)] });
    expect(offers[0]).toMatchObject({ jobId: lost!.jobId, epoch: 2 });
    expect(broker.job(lost!.jobId).redeliveries).toBe(1);
    expect(broker.history("broker.released")).toMatchObject([{ leaseId: lost!.leaseId, how: "agent-lost" }]);
  });

  test("lets the next instance finish what it found, without a heartbeat first", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    agent.startAnew();
    agent.enrol();
    expect(codeOf(agent.complete(lease!))).toBe("ok");
  });

  test("takes the open offers of the instance before back", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    agent.heartbeat();
    agent.startAnew();
    agent.enrol();
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 0 });
  });
});

describe("silence", () => {
  test("makes an agent lost at the activity timeout, and its lease waits for its own end (L3)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    agent.takeWork();
    broker.advance(broker.timing.activityTimeoutMs - 1);
    expect(agent.record.standing).toBe("active");
    broker.advance(1);
    expect(agent.record.standing).toBe("lost");
    expect(broker.job(jobId!).state).toBe("leased");
    broker.advance(broker.timing.leaseTtlMs - broker.timing.activityTimeoutMs);
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 1 });
    expect(broker.history("broker.released")).toMatchObject([{ how: "agent-lost" }]);
  });

  test("of one heartbeat that was lost between two as late as may be loses nobody", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    const { heartbeatIntervalMs, heartbeatJitterRatio, requestTimeoutMs } = broker.timing;
    agent.heartbeat();
    broker.advance(2 * heartbeatIntervalMs * (1 + heartbeatJitterRatio));
    // The next one may take its time.
    broker.advance(requestTimeoutMs - 1);
    expect(agent.record.standing).toBe("active");
  });

  test("ends with a heartbeat", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    broker.advance(broker.timing.activityTimeoutMs);
    agent.heartbeat();
    expect(agent.record).toMatchObject({ standing: "active", lostAt: null });
    broker.advance(broker.timing.activityTimeoutMs);
    expect(agent.record.standing).toBe("lost");
  });

  test("for long enough applies the revocation that the agent left (case 60)", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    broker.advance(broker.timing.activityTimeoutMs + broker.timing.revokeLostAfterMs - 1);
    expect(agent.record.standing).toBe("lost");
    broker.advance(1);
    expect(agent.record.standing).toBe("revoked");
    expect(codeOf(agent.tryHeartbeat())).toBe("revoked");
    expect(codeOf(agent.tryEnrol())).toBe("revoked");
  });

  test("of an agent that came back in between is counted anew", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    const { activityTimeoutMs, revokeLostAfterMs } = broker.timing;
    broker.advance(activityTimeoutMs + revokeLostAfterMs - 1);
    agent.heartbeat();
    broker.advance(activityTimeoutMs + revokeLostAfterMs - 1);
    expect(agent.record.standing).toBe("lost");
  });
});

describe("an agent that shut down and does not come back", () => {
  test("is revoked in the end: it may have withdrawn without being heard (I7)", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.shutdown());
    broker.advance(broker.timing.revokeShutdownAfterMs - 1);
    expect(agent.record.standing).toBe("shutdown");
    broker.advance(1);
    expect(agent.record.standing).toBe("revoked");
    expect(codeOf(agent.tryEnrol())).toBe("revoked");
  });

  test("has the whole time again after a start of the broker", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.shutdown());
    const { revokeShutdownAfterMs } = broker.timing;
    broker.advance(revokeShutdownAfterMs - 1);
    broker.restart();
    broker.advance(revokeShutdownAfterMs - 1);
    expect(agent.record.standing).toBe("shutdown");
    broker.advance(1);
    expect(agent.record.standing).toBe("revoked");
  });

  test("is not revoked for an absence of before it came back", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.shutdown());
    broker.advance(broker.timing.revokeShutdownAfterMs - 1);
    agent.startAnew();
    agent.enrol().heartbeat();
    answerOf(agent.shutdown());
    broker.advance(broker.timing.revokeShutdownAfterMs - 1);
    expect(agent.record.standing).toBe("shutdown");
  });
});

describe("pause", () => {
  test("is acknowledged with its checkpoints, keeps its leases, and counts only checkpoints that are here (I8)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(2);
    const agent = new CoreAgent(broker).enrol();
    const [first, second] = agent.takeWork();
    const saved = broker.checkpoint("one", 5);
    const missing = { ...saved, manifestDigest: "f".repeat(64) };
    const checkpoints = [handBackOf(first!, saved), handBackOf(second!, missing)];
    answerOf(
      broker.do({ type: "paused", caller: agent.caller, message: { reason: "owner", freezeMs: 2, checkpoints } }),
    );
    expect(broker.job(jobId!)).toMatchObject({ state: "leased", checkpoint: saved, progress: 5 });
    expect(broker.job(second!.jobId).checkpoint).toBeNull();
    expect(broker.history("broker.pause-acknowledged")).toEqual([
      { agentId: agent.agentId, freezeMs: 2, checkpoints: 1 },
    ]);
    const leases = [named(first!), named(second!)];
    expect(agent.heartbeat({ state: "Paused", slotsFree: 0, leases }).renewed).toHaveLength(2);
    expect(agent.record).toMatchObject({ state: "Paused", standing: "active" });
  });
});

describe("shutdown", () => {
  test("hands back what it names in its order; the rest waits until it expires (case 46)", () => {
    const broker = new CoreBroker();
    const [a, b, c] = broker.submit(3);
    const agent = new CoreAgent(broker, { slots: 3 }).enrol();
    const [first, second, running] = agent.takeWork();
    answerOf(agent.shutdown([first!, second!]));
    expect(agent.record.standing).toBe("shutdown");
    expect([a, b, c].map((jobId) => broker.job(jobId!).state)).toEqual(["queued", "queued", "leased"]);
    expect(codeOf(agent.tryHeartbeat())).toBe("fenced");
    expect(codeOf(agent.shutdown([first!, second!]))).toBe("ok");
    expect(codeOf(agent.complete(running!))).toBe("ok");
    const other = new CoreAgent(broker, { number: 2, slots: 3 }).enrol();
    expect(other.takeWork().map(({ jobId }) => jobId)).toEqual([a, b]);
  });

  test("is not loss: the agent may stay away for far longer", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.shutdown());
    broker.advance(2 * broker.timing.revokeLostAfterMs);
    expect(agent.record.standing).toBe("shutdown");
    agent.startAnew();
    agent.enrol().heartbeat();
    expect(agent.record.standing).toBe("active");
  });
});

describe("withdrawal", () => {
  test("hands everything back, named or not, and kills the key for good (I7; case 61)", () => {
    const broker = new CoreBroker();
    const [a, b, c] = broker.submit(3);
    const agent = new CoreAgent(broker, { slots: 3 }).enrol();
    const [first, second] = agent.takeWork(2);
    const [offered] = agent.heartbeat({ slotsFree: 1, leases: [named(first!), named(second!)] }).offers;
    expect(offered!.jobId).toBe(c);
    expect(answerOf(agent.withdraw([first!, { ...second!, epoch: 9 }]))).toMatchObject({ leasesHandedBack: 1 });
    expect([a, b, c].map((jobId) => broker.job(jobId!).state)).toEqual(["queued", "queued", "queued"]);
    expect([a, b, c].map((jobId) => broker.job(jobId!).redeliveries)).toEqual([0, 0, 0]);
    for (const response of [agent.tryHeartbeat(), agent.tryEnrol(), agent.complete(second!), agent.withdraw()]) {
      expect(codeOf(response)).toBe("revoked");
    }
    agent.startAnew();
    expect(codeOf(agent.tryEnrol())).toBe("revoked");
    expect(broker.effects).toContainEqual({ kind: "disconnect", agentId: agent.agentId });
  });

  test("needs a revocation that is really signed", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    expect(codeOf(agent.withdraw([lease!], { revocationVerified: false }))).toBe("bad-signature");
    expect(broker.job(lease!.jobId).state).toBe("leased");
  });
});
