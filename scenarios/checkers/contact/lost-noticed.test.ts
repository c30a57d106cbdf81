import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "lost-noticed";
const settings = { activityTimeoutMs: 5_000, slackMs: 500 };
const other = "d".repeat(64);

const beat = (history: HistoryBuilder, id = agentId) =>
  history.add("broker.heartbeat", { agentId: id, state: "Idle", slotsFree: 1, offers: 0 });
const standing = (history: HistoryBuilder, to: HistoryData<"broker.agent">["standing"]) =>
  history.add("broker.agent", { agentId, standing: to, reason: "" });
const fault = (history: HistoryBuilder, what: string) =>
  history.add("fault.applied", { fault: what, target: "broker", detail: "", subjects: [] });
const enrolled = () => new HistoryBuilder().add("broker.enrolled", { agentId, instanceId: "one", again: false });

describe("lost-noticed", () => {
  it("fails on a silence that nobody notices, as soon as anything shows that it is that late", () => {
    expect(judge(beat(enrolled().wait(5_400)), name, settings).result).toBe("pass");
    const judgement = judge(beat(enrolled().wait(6_000), other), name, settings);
    expect(judgement.detail).toBe("agent aaaaaaaaaaaa was silent for 6001 ms and is not lost");
    expect(judgement.story).toHaveLength(2);
    expect(judge(enrolled().wait(6_000).job(1, null, "queued"), name, settings).result).toBe("fail");
    expect(judge(enrolled().wait(6_000).release(1, 1, "expired"), name, settings).result).toBe("fail");
    const stopped = enrolled().wait(6_000).add("broker.stopped", { reason: "" });
    expect(judge(stopped, name, settings).result).toBe("fail");
  });

  it("finds the silent one among those that speak", () => {
    const history = beat(beat(enrolled(), other).wait(3_000), other).wait(3_000);
    expect(judge(beat(history, other), name, settings).detail).toContain("aaaaaaaaaaaa was silent");
  });

  it.each(["lost", "shutdown", "revoked"] as const)(
    "passes when the agent is %s in time, and fails when late",
    (to) => {
      expect(judge(beat(standing(enrolled().wait(5_100), to).wait(9_000), other), name, settings).result).toBe("pass");
      expect(judge(standing(enrolled().wait(6_000), to), name, settings).result).toBe("fail");
    },
  );

  it("counts anew for one that is active again", () => {
    const back = () => standing(standing(enrolled().wait(5_100), "lost").wait(9_000), "active");
    expect(judge(beat(back().wait(100)), name, settings).result).toBe("pass");
    expect(judge(beat(back().wait(6_000), other), name, settings).result).toBe("fail");
  });

  it.each(["kill-broker", "stall-broker", "stall-store"])("begins anew after %s", (what) => {
    const away = () => fault(enrolled(), what).wait(60_000);
    const back = () =>
      what === "kill-broker"
        ? away().add("broker.started", { url: "", store: "", pid: 1 })
        : away().add("fault.undone", { fault: what, target: "broker" });
    expect(judge(beat(back(), other), name, settings).result).toBe("pass");
    // The count begins with the first that the broker has to say, by its own clock.
    expect(judge(beat(beat(back(), other).wait(6_000), other), name, settings).result).toBe("fail");
    expect(judge(fault(beat(enrolled().wait(6_000), other), what), name, settings).result).toBe("fail");
  });

  it.each(["stall-broker", "stall-store"])("waits for the last of two standstills, after %s too", (second) => {
    const undone = { fault: "stall-broker", target: "broker" };
    const two = fault(fault(enrolled(), "stall-broker"), second).wait(60_000).add("fault.undone", undone);
    expect(judge(beat(beat(two, other).wait(6_000), other), name, settings).result).toBe("pass");
    const none = two
      .add("fault.undone", { ...undone, fault: second })
      .job(1, null, "queued")
      .wait(6_000);
    expect(judge(beat(none, other), name, settings).result).toBe("fail");
  });

  it("leaves out an agent whose last step was not told, until its next sign of life", () => {
    const untold = { fault: "lose-history", target: "broker", detail: "", subjects: [agentId] };
    const lost = () => enrolled().add("fault.applied", untold);
    expect(judge(beat(lost().wait(9_000), other), name, settings).result).toBe("pass");
    expect(judge(beat(beat(lost()).wait(9_000), other), name, settings).result).toBe("fail");
  });

  it("expects nothing of a broker whose store forgot the agent, or of one that ended", () => {
    const started = { url: "", store: "", pid: 1 };
    const lost = fault(enrolled(), "lose-store").add("broker.started", started).wait(60_000);
    expect(judge(beat(lost, other), name, settings).result).toBe("pass");
    const ended = enrolled().add("broker.stopped", { reason: "" }).wait(60_000);
    expect(judge(ended.job(1, null, "queued"), name, settings).result).toBe("pass");
  });

  it("is unknown without the timeout, and without an agent", () => {
    expect(judge(beat(enrolled().wait(60_000), other), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder(), name, settings).result).toBe("unknown");
  });
});
