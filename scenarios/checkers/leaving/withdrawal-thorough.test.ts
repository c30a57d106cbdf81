import { describe, expect, it } from "vitest";

import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { agentId, HistoryBuilder, stepsOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-thorough";
const begun = (sandboxes = 1) =>
  new HistoryBuilder().start().state("Working", "Withdrawing", "withdrawAsked").wait(39).freeze(sandboxes);
const judged = (history: HistoryBuilder, extra: Partial<WithdrawalReport> = {}) => {
  const at = history.wait(160).records.at(-1)?.at ?? 0;
  const report = { steps: stepsOf(), startedAt: 1_001, endedAt: at + 161, processesTerminated: 1, ...extra };
  return judge(history.withdrawal(report), name);
};
const stopped = () => begun().execution(1, "running", "killing").execution(1, "killing", "killed");
const gone = (history: HistoryBuilder, resource: string) =>
  history.add("witness.resource", { agentId, change: "gone", resource });

describe("withdrawal-thorough", () => {
  it("passes when the report says what the records say", () => {
    expect(judged(stopped())).toMatchObject({ result: "pass", detail: "1 withdrawals" });
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });

  it("fails when it names another time of its own", () => {
    expect(judged(stopped(), { startedAt: 900 }).result).toBe("fail");
    expect(judged(stopped(), { endedAt: 9_000 }).result).toBe("fail");
  });

  it("fails when the freeze was over at another time, or of something else", () => {
    const late = stepsOf({ freeze: { durationMs: 100 } });
    expect(judged(stopped(), { steps: late }).detail).toContain("when everything stood still");
    const nothing = stepsOf({ freeze: { outcome: "nothing-to-do" } });
    expect(judged(stopped(), { steps: nothing }).detail).toContain("something to freeze");
  });

  it("fails when a job was stopped and there was nothing to save, or the other way round", () => {
    const nothing = stepsOf({ checkpoint: { outcome: "nothing-to-do" } });
    expect(judged(stopped(), { steps: nothing }).detail).toContain("checkpoint step");
    expect(judged(begun()).detail).toContain("checkpoint step");
    expect(judged(begun(), { steps: nothing }).result).toBe("pass");
  });

  it("does not ask for a checkpoint of what the broker had taken back before", () => {
    const nothing = stepsOf({ checkpoint: { outcome: "nothing-to-do" } });
    const ended = (history: HistoryBuilder) =>
      history.execution(1, "running", "killing").execution(1, "killing", "killed");
    expect(judged(ended(begun().release(1, 1, "cancelled")), { steps: nothing }).result).toBe("pass");
    expect(judged(ended(begun()).release(1, 1, "handed-back"), { steps: nothing }).result).toBe("fail");
    // It had not heard of that.
    expect(judged(ended(begun().release(1, 1, "cancelled"))).result).toBe("pass");
  });

  it("fails when more was ended than stood still, or a job goes on and nothing is named", () => {
    expect(judged(stopped(), { processesTerminated: 3 }).detail).toContain("than stood still");
    const nothing = stepsOf({ checkpoint: { outcome: "nothing-to-do" } });
    const endedBefore = () => begun().execution(1, "killing", "killed");
    expect(judged(endedBefore(), { steps: nothing, processesTerminated: 3 }).result).toBe("pass");
    const inherited = gone(begun(), "processes:lease-9-1");
    expect(judged(inherited, { steps: nothing, processesTerminated: 3 }).result).toBe("pass");
    const own = gone(stopped(), "processes:lease-1-1");
    expect(judged(own, { processesTerminated: 3 }).detail).toContain("than stood still");
    expect(judged(begun().execution(1, "running", "killing")).detail).toContain("every job has ended");
    const stray = { pid: 7, startTime: "7", command: "job" };
    const left = { processesLeft: [stray], clean: false };
    expect(judged(begun().execution(1, "running", "killing"), left).result).toBe("pass");
  });

  it("fails when something was wiped that is not named", () => {
    const wiped = () => gone(gone(stopped(), "socket:/home/a/s"), "directory:/home/a/sandboxes/one");
    expect(judged(wiped()).detail).toContain("whatever was wiped");
    expect(judged(wiped(), { directoriesWiped: ["directory:/home/a/sandboxes/one"] }).result).toBe("pass");
  });

  it("lets the checkpoints of a lease go unnamed that came to its end by itself", () => {
    const checkpoints = "directory:/home/a/checkpoints/lease-1-1";
    const leaves = (how: "expired" | "handed-back", resource = checkpoints) =>
      judged(gone(stopped().release(1, 1, how), resource)).result;
    expect(leaves("expired")).toBe("pass");
    expect(leaves("handed-back")).toBe("fail");
    expect(leaves("expired", "directory:/home/a/checkpoints/lease-1-2")).toBe("fail");
    expect(leaves("expired", "directory:/home/a/sandboxes/lease-1-1")).toBe("fail");
  });

  it("lets the sandbox go unnamed of a job that had ended by itself", () => {
    const nothing = stepsOf({ checkpoint: { outcome: "nothing-to-do" } });
    const after = (to: "completed" | "killed") => {
      const history = begun().execution(1, to === "killed" ? "killing" : "running", to);
      return judged(gone(history, "directory:/home/a/sandboxes/lease-1-1"), { steps: nothing }).result;
    };
    expect(after("completed")).toBe("pass");
    expect(after("killed")).toBe("fail");
  });

  it("fails when the broker was never asked whether the key is dead", () => {
    const told = () => stopped().add("witness.call", { agentId, route: "withdraw" });
    expect(judged(told()).detail).toContain("whether the key is dead");
    expect(judged(told().add("witness.call", { agentId, route: "probe" })).result).toBe("pass");
  });

  it("counts instances, of a withdrawal that left something too", () => {
    expect(judged(stopped(), { attempts: 2 }).detail).toContain("1 instances worked on 2 attempts");
    const again = (history: HistoryBuilder) =>
      history.start("two").state("Enrolling", "Withdrawing", "withdrawAsked", "two");
    expect(judged(again(stopped()), { attempts: 2 }).result).toBe("pass");
    const stray = { pid: 7, startTime: "7", command: "job" };
    const inVain = stopped()
      .wait(160)
      .withdrawal({
        steps: stepsOf(),
        startedAt: 1_001,
        endedAt: 1_204,
        clean: false,
        processesTerminated: 1,
        processesLeft: [stray],
      });
    expect(judged(again(inVain), { attempts: 2 }).result).toBe("pass");
  });

  it("fails when there is a key that it calls none, and when it is not clean for no reason", () => {
    expect(judged(stopped(), { keyRevoked: "no-key" }).result).toBe("fail");
    expect(judged(stopped(), { clean: false }).detail).toContain("nothing stood in the way");
  });
});
