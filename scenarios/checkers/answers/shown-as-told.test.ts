import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Shown = HistoryData<"witness.jobs">["jobs"][number];
type Agent = HistoryData<"witness.agents">["agents"][number];

const name = "shown-as-told";
const job = (number: number, extra: Partial<Shown> = {}): Shown => {
  return { jobId: `job-${number}`, state: "queued", epoch: 1, agentId: null, leaseId: null, submittedAt: 5, ...extra };
};
const leased: Partial<Shown> = { state: "leased", agentId, leaseId: "lease-1-1" };
const agent = (extra: Partial<Agent> = {}): Agent => {
  return { agentId, standing: "active", state: "Idle", leases: [], enrolledAt: 1, ...extra };
};
const two = () => new HistoryBuilder().job(1, null, "queued").job(2, null, "queued");
const granted = () => two().job(1, "queued", "offered").job(1, "offered", "leased").lease(1, 1);
const jobs = (history: HistoryBuilder, ...shown: Shown[]) => judge(history.add("witness.jobs", { jobs: shown }), name);
const enrol = (history: HistoryBuilder, id = agentId) =>
  history.add("broker.enrolled", { agentId: id, instanceId: "one", again: false });
const agents = (history: HistoryBuilder, ...shown: Agent[]) =>
  judge(history.add("witness.agents", { agents: shown }).add("witness.jobs", { jobs: [] }), name);

describe("shown-as-told, of jobs", () => {
  it("passes on a list that shows each as it was told", () => {
    expect(jobs(granted(), job(1, leased), job(2))).toMatchObject({ result: "pass", detail: "1 looks" });
  });

  it("fails on a job that is not shown, or with another state or an older epoch", () => {
    expect(jobs(two(), job(1)).detail).toBe("job-2 is not shown");
    expect(jobs(two(), job(1), job(2, { state: "offered" })).result).toBe("fail");
    expect(jobs(two(), job(1), job(2, { epoch: 0 })).result).toBe("fail");
  });

  it("fails on another holder than was told, also once its holder has completed it", () => {
    expect(jobs(granted(), job(1, { ...leased, agentId: null }), job(2)).result).toBe("fail");
    expect(jobs(granted(), job(1, { ...leased, leaseId: null }), job(2)).result).toBe("fail");
    const completed = () => granted().release(1, 1, "completed").job(1, "leased", "completed");
    expect(jobs(completed(), job(1, { ...leased, state: "completed" }), job(2)).result).toBe("pass");
    expect(jobs(completed(), job(1, { state: "completed" }), job(2)).result).toBe("fail");
    const cancelled = granted().release(1, 1, "cancelled").job(1, "leased", "cancelled");
    expect(jobs(cancelled, job(1, { state: "cancelled" }), job(2)).result).toBe("pass");
  });

  it("fails on another order than that of the submissions", () => {
    expect(jobs(two(), job(2), job(1)).detail).toMatch(/job-1 is shown behind a job that was submitted after it/);
    expect(jobs(two(), job(1, { submittedAt: 6 }), job(2)).detail).toMatch(/behind a job of a later time/);
  });

  it("fails on one among those that were given up which was not, and on one left out", () => {
    const shown = (how: "failed" | "expired", ...dead: readonly string[]) => {
      const history = granted().release(1, 1, how).job(1, "leased", "failed");
      const holder = how === "failed" ? leased : {};
      const list = [job(1, { ...holder, state: "failed" }), job(2)];
      return judge(history.add("witness.jobs", { jobs: list, dead: [...dead] }), name);
    };
    expect(shown("expired", "job-1").result).toBe("pass");
    expect(shown("failed").result).toBe("pass");
    expect(shown("expired").detail).toBe("job-1 is not shown among the jobs that were given up");
    expect(shown("failed", "job-1").detail).toBe("job-1 is shown among the jobs that were given up");
    expect(shown("expired", "job-1", "job-2").detail).toBe("job-2 is shown among the jobs that were given up");
  });

  it("expects nothing of what the store has forgotten", () => {
    expect(jobs(granted().loseStore(1), job(2)).result).toBe("pass");
    expect(jobs(granted().loseStore(1), job(1, { state: "failed" }), job(2)).result).toBe("pass");
  });
});

describe("shown-as-told, of agents", () => {
  const other = "b".repeat(64);

  it("passes on a list that shows each with its standing", () => {
    expect(agents(enrol(new HistoryBuilder()), agent()).result).toBe("pass");
    const lost = enrol(new HistoryBuilder()).add("broker.agent", { agentId, standing: "lost", reason: "" });
    expect(agents(lost, agent()).detail).toMatch(/shown as active, and is lost/);
  });

  it("fails on an agent that is not shown", () => {
    expect(agents(enrol(new HistoryBuilder())).detail).toMatch(/is not shown/);
  });

  it("fails on other leases than those it holds, or in no order", () => {
    const history = () => enrol(new HistoryBuilder().job(1, null, "queued").job(1, "queued", "offered").lease(1, 1));
    const shown = (leases: string[]) => judge(history().add("witness.agents", { agents: [agent({ leases })] }), name);
    expect(shown([]).detail).toMatch(/and holds \[lease-1-1\]/);
    expect(shown(["lease-2-1", "lease-1-1"]).detail).toMatch(/not shown in order/);
    expect(shown(["lease-1-1"]).result).toBe("unknown");
  });

  it("fails on another order than that of the enrolments", () => {
    const both = () => enrol(enrol(new HistoryBuilder()), other);
    expect(agents(both(), agent(), agent({ agentId: other })).result).toBe("pass");
    expect(agents(both(), agent({ agentId: other }), agent()).result).toBe("fail");
    expect(agents(both(), agent({ enrolledAt: 2 }), agent({ agentId: other })).result).toBe("fail");
  });
});
