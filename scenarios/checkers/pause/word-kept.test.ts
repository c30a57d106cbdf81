import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "word-kept";
const sandbox = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1 };
const answered = (answer: "accepted" | "declined"): HistoryData<"agent.offer"> => ({ ...sandbox, answer, reason: "" });
const thawed = { trigger: "", sandboxes: 0 };
const resume = { latencyMs: 1, processes: 0, agentId };

const paused = () => new HistoryBuilder().start().state("Idle", "Paused", "paused");
const withdrawing = () => new HistoryBuilder().start().state("Idle", "Withdrawing", "withdrawAsked");
/** The next instance, which has enrolled. */
const back = (history: HistoryBuilder, source = "two") =>
  history.start(source).state("Enrolling", "Idle", "enrolled", source);
const takesOffer = (history: HistoryBuilder, source = "two") =>
  history.add("agent.offer", answered("accepted"), source);

describe("word-kept", () => {
  it("passes where a paused agent comes back paused, and works after its resume", () => {
    const again = back(paused()).state("Idle", "Paused", "paused", "two");
    expect(judge(again, name)).toMatchObject({ result: "pass", detail: "1 restarts" });
    again.state("Paused", "Idle", "resumeAsked", "two");
    expect(judge(takesOffer(again), name).result).toBe("pass");
  });

  it("fails where it comes back and takes an offer, or starts a job, and not where it declines one", () => {
    expect(judge(takesOffer(back(paused())), name).detail).toBe("an agent that was Paused came back and took an offer");
    expect(judge(back(paused()).execution(1, null, "spawning", "two"), name).detail).toContain("started a job");
    expect(judge(back(paused()).add("agent.offer", answered("declined"), "two"), name).result).toBe("pass");
  });

  it("remembers the pause over an instance that was killed before it could take it up", () => {
    expect(judge(takesOffer(back(paused().start("two"), "three"), "three"), name).result).toBe("fail");
    expect(judge(takesOffer(back(back(paused()), "three"), "three"), name).result).toBe("fail");
  });

  it("passes where the pause had been resumed before the restart", () => {
    expect(judge(takesOffer(back(paused().state("Paused", "Idle", "resumeAsked"))), name).result).toBe("unknown");
    expect(judge(takesOffer(back(paused().add("witness.resume", resume))), name).result).toBe("unknown");
    // A shutdown was under way, and the pause was only remembered any more.
    expect(judge(takesOffer(back(paused().add("agent.thawed", thawed))), name).result).toBe("unknown");
  });

  it("passes where the remembered pause is resumed before it takes effect again, by its own agent", () => {
    expect(judge(takesOffer(back(paused()).add("agent.thawed", thawed, "two")), name).result).toBe("pass");
    expect(judge(takesOffer(back(paused()).add("witness.resume", resume)), name).result).toBe("pass");
    const other = { ...resume, agentId: "c".repeat(64) };
    expect(judge(takesOffer(back(paused()).add("witness.resume", other)), name).result).toBe("fail");
    expect(judge(takesOffer(back(paused()).add("agent.thawed", thawed, "elsewhere")), name).result).toBe("fail");
  });

  it("fails where a withdrawing agent comes back and does anything but withdraw", () => {
    expect(judge(back(withdrawing()), name).detail).toBe("an agent that was Withdrawing came back and went to Idle");
    expect(judge(takesOffer(withdrawing().start("two")), name).result).toBe("fail");
    expect(
      judge(withdrawing().start("two").add("agent.thawed", thawed, "two").execution(1, null, "spawning", "two"), name)
        .result,
    ).toBe("fail");
    const goesOn = withdrawing().start("two").state("Enrolling", "Withdrawing", "withdrawAsked", "two");
    expect(judge(goesOn.state("Withdrawing", "Withdrawn", "withdrawn", "two"), name).result).toBe("pass");
  });

  it("lets a withdrawal take a pause over, and asks nothing after it ended", () => {
    const over = paused().start("two").state("Enrolling", "Withdrawing", "withdrawAsked", "two");
    expect(judge(over, name).result).toBe("pass");
    const ended = withdrawing().state("Withdrawing", "Withdrawn", "withdrawn");
    expect(judge(takesOffer(back(ended)), name).result).toBe("unknown");
  });

  it("asks nothing of another agent, or of one that had given no word", () => {
    const other = paused().start("two", { agentId: "c".repeat(64) });
    expect(judge(takesOffer(other), name).result).toBe("unknown");
    expect(
      judge(takesOffer(back(new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled"))), name).result,
    ).toBe("unknown");
  });
});
