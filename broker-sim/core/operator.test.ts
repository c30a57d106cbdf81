import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, codeOf, named } from "../testing/core-broker.ts";

describe("work hints", () => {
  test("wake as many waiting agents as the new jobs can feed, longest waiting first", () => {
    const broker = new CoreBroker();
    const agents = [1, 2, 3].map((number) => new CoreAgent(broker, { number, slots: 2 }).enrol().connect());
    for (const agent of agents) agent.heartbeat();
    broker.submit(3);
    expect(agents.map((agent) => broker.pushed(agent))).toEqual([["work_available"], ["work_available"], []]);
  });

  test("go to an agent that connects, or gets a slot free, while jobs are queued", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    agent.heartbeat();
    broker.submit(2);
    expect(broker.pushed(agent)).toEqual([]);
    agent.connect();
    expect(broker.pushed(agent)).toEqual(["work_available"]);
    const [lease] = agent.takeWork(1);
    answerOf(agent.complete(lease!));
    expect(broker.pushed(agent)).toEqual(["work_available", "work_available"]);
  });

  test("do not go to paused, full, lost or unconnected agents, nor to one that just said no", () => {
    const broker = new CoreBroker();
    const [paused, full, gone, refusing] = [1, 2, 3, 4].map((number) =>
      new CoreAgent(broker, { number }).enrol().connect(),
    );
    paused!.heartbeat({ state: "Paused", slotsFree: 0 });
    full!.heartbeat({ state: "Working", slotsFree: 0 });
    gone!.heartbeat();
    broker.do({ type: "disconnected", agentId: gone!.agentId });
    broker.submit();
    const [offer] = refusing!.heartbeat({ slotsFree: 1 }).offers;
    answerOf(refusing!.decline(offer!));
    expect([paused, full, gone, refusing].flatMap((agent) => broker.pushed(agent!))).toEqual([]);
  });
});

describe("the operator", () => {
  test("cancels a job wherever it is; its holder is told and can do nothing with it any more", () => {
    const broker = new CoreBroker();
    const [leased, queued] = broker.submit(2);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [lease] = agent.takeWork();
    for (const jobId of [leased, queued, leased]) answerOf(broker.do({ type: "cancel", jobId: jobId! }));
    expect(broker.pushed(agent)).toEqual(["lease_revoked"]);
    expect(codeOf(agent.complete(lease!))).toBe("fenced");
    expect(agent.heartbeat({ leases: [named(lease!)] }).lost[0]?.reason).toContain("the job is cancelled");
    expect(agent.takeWork()).toEqual([]);
  });

  test("cannot cancel what has ended or never was", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.complete(agent.takeWork()[0]!));
    expect(codeOf(broker.do({ type: "cancel", jobId: jobId! }))).toBe("job-settled");
    expect(codeOf(broker.do({ type: "cancel", jobId: "job-x-1" }))).toBe("unknown-job");
  });

  test("sends commands to agents that are there", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    const message = { command: "pause", reason: "maintenance" } as const;
    answerOf(broker.do({ type: "command", agentId: agent.agentId, message }));
    expect(broker.pushed(agent)).toEqual(["pause"]);
    expect(codeOf(broker.do({ type: "command", agentId: "0".repeat(64), message }))).toBe("unknown-agent");
    answerOf(agent.withdraw());
    expect(codeOf(broker.do({ type: "command", agentId: agent.agentId, message }))).toBe("revoked");
  });
});

describe("checkpoints", () => {
  test("are taken only when both blobs are here, with the size that they say", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    const good = broker.checkpoint("one", 5);
    for (const bad of [
      { ...good, manifestDigest: "f".repeat(64) },
      { ...good, archiveDigest: "f".repeat(64) },
      { ...good, archiveBytes: good.archiveBytes - 1 },
    ]) {
      expect(codeOf(agent.progress(lease!, 5, bad))).toBe("unknown-checkpoint");
    }
    expect(broker.job(jobId!)).toMatchObject({ progress: 0, checkpoint: null });
    expect(codeOf(agent.progress(lease!, 5, good))).toBe("ok");
  });

  test("are not replaced by one from before, of which word came late", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    const older = broker.checkpoint("one", 5);
    const newer = broker.checkpoint("two", 5);
    answerOf(agent.progress(lease!, 5, newer));
    expect(codeOf(agent.progress(lease!, 4, older))).toBe("ok");
    // Its blobs may be gone by then.
    expect(codeOf(agent.progress(lease!, 4, { ...older, manifestDigest: "e".repeat(64) }))).toBe("ok");
    expect(broker.job(jobId!)).toMatchObject({ progress: 5, checkpoint: newer });
    expect(
      broker.effects.some((effect) => effect.kind === "remove-blob" && effect.digest === newer.manifestDigest),
    ).toBe(false);
  });

  test("go when nothing live refers to them any more", () => {
    const broker = new CoreBroker();
    broker.submit(2);
    const agent = new CoreAgent(broker).enrol();
    const [first, second] = agent.takeWork();
    const shared = broker.checkpoint("one", 5);
    answerOf(agent.progress(first!, 5, shared));
    answerOf(agent.progress(second!, 5, shared));
    const removed = () => broker.effects.filter((effect) => effect.kind === "remove-blob").length;
    answerOf(agent.progress(first!, 6, broker.checkpoint("two", 6)));
    expect(removed()).toBe(0);
    answerOf(agent.complete(second!));
    expect(removed()).toBe(2);
    answerOf(agent.complete(first!));
    expect(removed()).toBe(4);
    expect(broker.state.blobs.size).toBe(0);
  });

  test("that nobody ever refers to go after a lease's time, not before", () => {
    const broker = new CoreBroker();
    const reference = broker.checkpoint("orphan", 1);
    broker.advance(broker.timing.leaseTtlMs - 1);
    broker.storeBlob(reference.archiveDigest, 7);
    broker.advance(1);
    expect([...broker.state.blobs.keys()]).toEqual([reference.archiveDigest]);
    broker.advance(broker.timing.leaseTtlMs - 1);
    expect(broker.state.blobs.size).toBe(0);
  });
});

describe("after a restart", () => {
  test("nothing expires and nobody is lost before a full term from the start (case 8)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    broker.advance(broker.timing.leaseTtlMs - 1);
    broker.nowMs += 3_600_000;
    broker.restart();
    broker.advance(broker.timing.activityTimeoutMs - 1);
    expect(agent.record.standing).toBe("lost");
    broker.advance(broker.timing.leaseTtlMs - broker.timing.activityTimeoutMs);
    expect(broker.job(jobId!).state).toBe("leased");
    expect(agent.heartbeat({ slotsFree: 0, leases: [named(lease!)] }).renewed).toHaveLength(1);
  });

  test("an agent that the store holds as active has the whole activity timeout", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker).enrol();
    broker.nowMs += 3_600_000;
    broker.restart();
    broker.advance(broker.timing.activityTimeoutMs - 1);
    expect(agent.record.standing).toBe("active");
    broker.advance(1);
    expect(agent.record.standing).toBe("lost");
  });

  test("the queue keeps its order, epochs go on, and job ids are never used twice", () => {
    const broker = new CoreBroker();
    const before = broker.submit(3);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [lease] = agent.takeWork();
    answerOf(agent.giveBack(lease!, 0));
    broker.restart();
    const after = broker.submit(1);
    expect(new Set([...before, ...after]).size).toBe(4);
    const other = new CoreAgent(broker, { number: 2, slots: 4 }).enrol();
    const offers = other.heartbeat().offers;
    expect(offers.map(({ jobId }) => jobId)).toEqual([...before, ...after]);
    expect(offers[0]!.epoch).toBe(2);
  });

  test("a checkpoint whose blobs are gone is given up instead of being offered for ever", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    answerOf(agent.giveBack(agent.takeWork()[0]!, 5, broker.checkpoint("one", 5)));
    broker.state.blobs.clear();
    broker.restart();
    expect(broker.job(jobId!).checkpoint).toBeNull();
  });
});

test("a clock that jumps back ends no lease early, granted before or after (case 10)", () => {
  const broker = new CoreBroker();
  const jobIds = broker.submit(2);
  const agent = new CoreAgent(broker).enrol();
  const states = () => jobIds.map((jobId) => broker.job(jobId).state);
  const startMs = broker.nowMs;
  agent.takeWork(1);
  broker.nowMs = startMs - 3_600_000;
  agent.takeWork(1);
  broker.nowMs = startMs + broker.timing.leaseTtlMs - 1;
  broker.do({ type: "tick" });
  expect(states()).toEqual(["leased", "leased"]);
  broker.nowMs += 1;
  broker.do({ type: "tick" });
  expect(states()).toEqual(["queued", "queued"]);
});
