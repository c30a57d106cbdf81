import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, codeOf, handBackOf, named } from "../testing/core-broker.ts";

const reason = "maintenance";
const spec = { slots: 1, sandbox: "process" } as const;

function drain(broker: CoreBroker): CoreBroker {
  expect(broker.do({ type: "drain", reason }).ok).toBe(true);
  return broker;
}

const busy = (jobs: number): { broker: CoreBroker; agent: CoreAgent } => {
  const broker = new CoreBroker();
  const agent = new CoreAgent(broker).enrol();
  broker.submit(jobs);
  return { broker, agent };
};

describe("a drained broker", () => {
  test("says goodbye to everybody who has a stream, and again when it is drained again", () => {
    const broker = new CoreBroker();
    const here = new CoreAgent(broker, { number: 1 }).enrol().connect();
    const away = new CoreAgent(broker, { number: 2 }).enrol();
    drain(broker);
    expect([broker.pushed(here), broker.pushed(away)]).toEqual([["goodbye"], []]);
    broker.do({ type: "drain", reason: "still" });
    expect([broker.pushed(here), broker.pushed(away)]).toEqual([["goodbye", "goodbye"], []]);
    expect(broker.history("broker.drained")).toEqual([{ reason }, { reason: "still" }]);
    const said = broker.effects.flatMap((effect) => (effect.kind === "push" ? [effect.event.data] : []));
    expect(said).toEqual([{ reason }, { reason: "still" }]);
    expect(broker.state.drained).toBe("still");
  });

  test("says goodbye to one that connects later, each time", () => {
    const { broker, agent } = busy(1);
    drain(broker);
    agent.connect().connect();
    expect(broker.pushed(agent)).toEqual(["goodbye", "goodbye"]);
  });

  test("makes no offers, however much is free, and wakes nobody for work", () => {
    const { broker, agent } = busy(0);
    agent.connect().heartbeat();
    drain(broker);
    const [jobId = ""] = broker.submit();
    expect(agent.heartbeat().offers).toEqual([]);
    agent.connect();
    expect(broker.pushed(agent)).not.toContain("work_available");
    expect(broker.job(jobId)).toMatchObject({ state: "queued", epoch: 0 });
    // What is free is known all the same.
    expect(agent.knowledge.slotsFree).toBe(2);
  });

  test("does not make an offer again that was not heard: it lapses, and the job waits", () => {
    const { broker, agent } = busy(1);
    const [offer] = agent.heartbeat().offers;
    drain(broker);
    expect(agent.heartbeat().offers).toEqual([]);
    expect(broker.job(offer!.jobId).state).toBe("offered");
    broker.advance(broker.timing.offerTtlMs);
    expect(broker.job(offer!.jobId)).toMatchObject({ state: "queued", redeliveries: 0 });
  });

  test("takes no stranger, whatever its token, and lets those come back who are known", () => {
    const { broker, agent } = busy(0);
    drain(broker);
    const stranger = new CoreAgent(broker, { number: 2 });
    for (const joinTokenMatches of [true, false]) {
      expect(stranger.tryEnrol({ joinTokenMatches })).toEqual({
        ok: false,
        code: "out-of-service",
        message: "The broker is drained, and takes no new agents: maintenance.",
      });
    }
    expect(broker.state.agents.size).toBe(1);
    agent.startAnew();
    expect(codeOf(agent.tryEnrol({ joinTokenMatches: false }))).toBe("ok");
    expect(codeOf(agent.withdraw())).toBe("ok");
    expect(codeOf(agent.tryEnrol())).toBe("revoked");
  });

  test("starts no agent, and still ends those that it has started", () => {
    const broker = new CoreBroker();
    const before = broker.do({ type: "spawn", spec });
    drain(broker);
    expect(broker.do({ type: "spawn", spec })).toMatchObject({ ok: false, code: "out-of-service" });
    expect(broker.history("broker.execution")).toHaveLength(1);
    expect(before.ok).toBe(true);
    expect(broker.do({ type: "kill-all", message: { reason: "over", now: true } })).toMatchObject({
      ok: true,
      answer: { executionIds: [before.ok ? before.answer.executionId : ""] },
    });
  });

  test("goes on with what was begun, and takes jobs", () => {
    const { broker, agent } = busy(4);
    const [one, two] = agent.heartbeat().offers;
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    const [three, four] = other.heartbeat().offers;
    drain(broker);
    for (const offer of [one!, two!]) expect(codeOf(agent.accept(offer))).toBe("ok");
    const { renewed, lost } = agent.heartbeat({ state: "Working", leases: [named(one!, 3)] });
    expect([renewed.map(({ leaseId }) => leaseId), lost]).toEqual([[one!.leaseId], []]);
    expect(codeOf(agent.progress(one!, 5, broker.checkpoint("one", 5)))).toBe("ok");
    expect(codeOf(agent.complete(one!))).toBe("ok");
    expect(codeOf(agent.giveBack(two!, 1))).toBe("ok");
    expect(codeOf(other.accept(three!))).toBe("ok");
    expect(codeOf(other.decline(four!))).toBe("ok");
    expect(codeOf(other.shutdown([three!]))).toBe("ok");
    const [jobId = ""] = broker.submit();
    expect(codeOf(broker.do({ type: "cancel", jobId }))).toBe("ok");
    const states = [one!, two!, three!, four!].map(({ jobId: id }) => broker.job(id).state);
    expect(states).toEqual(["completed", "queued", "queued", "queued"]);
    expect(handBackOf(three!).jobId).toBe(three!.jobId);
  });

  test("is in service again at its next start", () => {
    const { broker, agent } = busy(1);
    drain(broker);
    broker.restart();
    expect(broker.state.drained).toBeNull();
    expect(agent.heartbeat().offers).toHaveLength(1);
    expect(codeOf(new CoreAgent(broker, { number: 2 }).tryEnrol())).toBe("ok");
  });
});
