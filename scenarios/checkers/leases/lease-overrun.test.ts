import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "lease-overrun";
const standing = (history: HistoryBuilder, now: "lost" | "active") =>
  history.add("broker.agent", { agentId, standing: now, reason: "" });
const lost = () => standing(new HistoryBuilder(), "lost");

/** A lease that ended so, when so many of its processes ran on. */
const over = (
  running: number,
  { history = new HistoryBuilder(), how = "expired", job = 1 }: Partial<Over> = {},
): HistoryBuilder => {
  const ended = { agentId, jobId: `job-${job}`, leaseId: `lease-${job}-1` };
  return history.release(job, 1, how).add("witness.lease-over", { ...ended, running });
};

interface Over {
  readonly history: HistoryBuilder;
  readonly how: HistoryData<"broker.released">["how"];
  readonly job: number;
}

describe("lease-overrun", () => {
  it("passes where every job had been stopped by then, and says how many leases it saw", () => {
    const history = over(0, { history: over(0), job: 2 });
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: expect.stringContaining("2 leases") });
  });

  it("fails on a single process that ran on, and names the lease", () => {
    const { result, detail } = judge(over(1, { history: over(0), job: 2 }), name);
    expect({ result, detail }).toEqual({ result: "fail", detail: "1 processes ran on after lease-2-1 was over" });
  });

  it("fails where the broker had called the holder lost by then", () => {
    expect(judge(over(1, { history: lost(), how: "agent-lost" }), name).result).toBe("fail");
  });

  it("leaves out a lease that another instance did not name: it was not over by the time", () => {
    expect(judge(over(1, { how: "agent-lost" }), name).result).toBe("unknown");
    const active = standing(lost(), "active");
    expect(judge(over(1, { history: active, how: "agent-lost" }), name).result).toBe("unknown");
    const enrolled = lost().add("broker.enrolled", { agentId, instanceId: "two", again: true });
    expect(judge(over(1, { history: enrolled, how: "agent-lost" }), name).result).toBe("unknown");
    expect(judge(over(1, { history: lost().loseStore(), how: "agent-lost" }), name).result).toBe("unknown");
  });

  it("fails on what was handed back and runs on", () => {
    expect(judge(over(1, { how: "handed-back" }), name).result).toBe("fail");
    expect(judge(over(0, { how: "handed-back" }), name).result).toBe("pass");
  });

  it("has nothing to say where leases ended in other ways, or nobody looked at the host", () => {
    expect(judge(over(1, { how: "cancelled" }), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().release(1, 1, "expired"), name).result).toBe("unknown");
  });
});
