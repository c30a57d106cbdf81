import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "broker-contact";
const begun = () => new HistoryBuilder().start();
const heard = (history: HistoryBuilder, reachable = true) => history.add("agent.broker", { reachable, detail: "" });

describe("broker-contact", () => {
  it("passes when each word is a change, and counts them", () => {
    const history = heard(heard(heard(begun()), false)).state("Enrolling", "Idle", "enrolled");
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "3 changes" });
  });

  it("begins anew with each instance", () => {
    const two = heard(begun()).start("two").add("agent.broker", { reachable: true, detail: "" }, "two");
    expect(judge(two, name).result).toBe("pass");
  });

  it("fails when the same is said again, or the broker was lost before it was ever heard", () => {
    expect(judge(heard(heard(begun())), name).detail).toContain("had said before");
    expect(judge(heard(begun(), false), name).result).toBe("fail");
  });

  it("fails when an agent is enrolled by a broker that it has not heard", () => {
    expect(judge(begun().state("Enrolling", "Idle", "enrolled"), name).detail).toContain("had not heard");
    const lost = heard(heard(begun()), false);
    expect(judge(lost.state("Enrolling", "Idle", "enrolled"), name).result).toBe("fail");
  });

  it("fails when a call tells that the broker is there or away, and its agent does not say so", () => {
    const hears = (history: HistoryBuilder, outcome: string) =>
      history.add("witness.agent-call", { agentId, instanceId: "one", call: "enrol", generation: 0, outcome });
    const next = (history: HistoryBuilder) => hears(history, "sent");
    expect(judge(next(hears(begun(), "ok")), name).detail).toContain("did not say so");
    expect(judge(next(heard(hears(begun(), "ok"))), name).result).toBe("pass");
    expect(judge(next(hears(heard(begun()), "unreachable")), name).result).toBe("fail");
    expect(judge(next(heard(hears(heard(begun()), "unreachable"), false)), name).result).toBe("pass");
  });
});
