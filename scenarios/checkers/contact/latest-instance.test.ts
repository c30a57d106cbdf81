import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "latest-instance";
const instance = (number: number) => `00000000-0000-4000-8000-00000000000${number}`;

class Story extends HistoryBuilder {
  enrol(number: number): this {
    return this.add("broker.enrolled", { agentId, instanceId: instance(number), again: number > 1 });
  }
  leaves(number: number): this {
    return this.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }, instance(number));
  }
  calledShutDown(): this {
    return this.add("broker.agent", { agentId, standing: "shutdown", reason: "SIGTERM" });
  }
}

describe("latest-instance", () => {
  it("passes when the instance that enrolled last is the one that leaves", () => {
    expect(judge(new Story().enrol(1).leaves(1).calledShutDown(), name).result).toBe("pass");
    expect(judge(new Story().enrol(1).leaves(1).enrol(2).leaves(2).calledShutDown(), name).result).toBe("pass");
  });

  it("passes when it began to leave before its enrolment was told", () => {
    expect(judge(new Story().leaves(1).enrol(1).calledShutDown(), name).result).toBe("pass");
  });

  it("fails when an earlier one's word counts", () => {
    const judgement = judge(new Story().enrol(1).leaves(1).enrol(2).calledShutDown(), name);
    expect(judgement.result).toBe("fail");
    expect(judgement.story).toHaveLength(2);
  });

  it("fails when a heartbeat of an earlier one is taken, and passes on those of the latest", () => {
    const heartbeat = (story: Story, number: number) =>
      story.add("broker.heartbeat", {
        ...{ agentId, instanceId: instance(number), state: "Idle", slotsFree: 1 },
        offers: 0,
      });
    expect(judge(heartbeat(new Story().enrol(1).enrol(2), 2), name).result).toBe("pass");
    expect(judge(heartbeat(new Story().enrol(1).enrol(2), 1), name).result).toBe("fail");
    expect(judge(heartbeat(new Story().enrol(1).enrol(2).loseStore(), 1), name).result).toBe("pass");
  });

  it("cannot tell whom a broker heeds whose store forgot something, before the next enrolment", () => {
    const forgot = new Story().enrol(1).leaves(1).enrol(2).loseStore();
    expect(judge(forgot.calledShutDown(), name).result).toBe("pass");
    expect(judge(forgot.enrol(3).calledShutDown(), name).result).toBe("fail");
  });

  it("says nothing of a history without a shutdown", () => {
    expect(judge(new Story().enrol(1), name).result).toBe("unknown");
  });
});
