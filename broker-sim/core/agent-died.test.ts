import { describe, expect, test } from "vitest";
import type * as z from "zod";

import type { Lease } from "../../protocol/messages.ts";
import { CoreAgent, CoreBroker, answerOf } from "../testing/core-broker.ts";

/** The next instance gives a lease back whose job ran when the one before died. */
function dieOf(agent: CoreAgent, { leaseId, epoch }: z.infer<typeof Lease>): void {
  agent.startAnew();
  agent.enrol();
  const message = { epoch, progress: 0, reason: "the agent died while it ran", agentDied: true };
  const told = () => answerOf(agent.broker.do({ type: "return", caller: agent.caller, leaseId, message }));
  told();
  // The answer was lost: the same again changes nothing.
  told();
}

describe("a job in whose hands agents die (case 19)", () => {
  test("fails after its redeliveries, and says why; the donors after that are spared", () => {
    const broker = new CoreBroker();
    const [poison] = broker.submit();
    const agents = [1, 2, 3, 4, 5].map((number) => new CoreAgent(broker, { number, slots: 1 }).enrol());
    for (const agent of agents.slice(0, 4)) {
      dieOf(agent, agent.takeWork()[0]!);
      broker.waitOut(poison!);
    }
    expect(broker.job(poison!)).toMatchObject({ state: "failed", redeliveries: 3 });
    expect(broker.job(poison!).error).toBe(
      "handed back: the agent died while it ran; it was leased again 3 times before, which is its limit",
    );
    expect(agents[4]!.takeWork()).toEqual([]);
  });

  test("goes back to the front: it may not have been its doing", () => {
    const broker = new CoreBroker();
    const [first, second] = broker.submit(2);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    dieOf(agent, agent.takeWork()[0]!);
    expect(broker.job(first!)).toMatchObject({ state: "queued", redeliveries: 1 });
    broker.waitOut(first!);
    expect(agent.takeWork()).toMatchObject([{ jobId: first, epoch: 2 }]);
    expect(broker.job(second!).redeliveries).toBe(0);
  });

  test("is counted together with leases that ran out, and with nothing that donors do", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 2 });
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    for (let round = 0; round < 5; round += 1) answerOf(agent.giveBack(agent.takeWork()[0]!, 0));
    dieOf(agent, agent.takeWork()[0]!);
    broker.waitOut(jobId!);
    agent.takeWork();
    broker.advance(broker.timing.leaseTtlMs);
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 2 });
    broker.waitOut(jobId!);
    dieOf(agent, agent.takeWork()[0]!);
    expect(broker.job(jobId!).state).toBe("failed");
  });
});
