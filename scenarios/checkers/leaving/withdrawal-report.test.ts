import { describe, expect, it } from "vitest";

import type { WithdrawalReport, WithdrawalStep } from "../../../protocol/withdrawal-report.ts";
import { HistoryBuilder, instanceId, stepsOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-report";
const reported = (extra: Partial<WithdrawalReport>, source = instanceId) => {
  const { records } = new HistoryBuilder().withdrawal({ steps: stepsOf(), ...extra });
  const history = new HistoryBuilder();
  history.state("Withdrawing", extra.clean === false ? "Withdrawing" : "Withdrawn", "withdrawn", source);
  for (const { data } of records) history.add("agent.withdrawal", data as never, source);
  return judge(history, name);
};
const stray = { pid: 7, startTime: "7", command: "job" };
const left = { processesLeft: [stray], ledgerEntriesLeft: 2, clean: false };

describe("withdrawal-report", () => {
  it("passes a report whose steps and figures agree", () => {
    expect(reported({}).result).toBe("pass");
    const steps = stepsOf({ terminate: { outcome: "failed" }, "clear-ledger": { outcome: "failed" } });
    expect(reported({ steps, ...left }).result).toBe("pass");
    const deferred = stepsOf({ "hand-back": { outcome: "deferred" }, "revoke-key": { outcome: "deferred" } });
    expect(reported({ steps: deferred, keyRevoked: "deferred", leasesDeferred: 1 }).result).toBe("pass");
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });

  it.each<[string, Partial<WithdrawalReport>]>([
    ["a step is missing", { steps: stepsOf().slice(1) }],
    ["a step is there twice", { steps: [...stepsOf(), stepsOf().at(-1) as WithdrawalStep] }],
    ["two steps are the wrong way round", { steps: stepsOf().toReversed() }],
    ["a step does not say what it measured", { steps: stepsOf({ freeze: { measured: "" } }) }],
    ["a step ended before it began", { steps: stepsOf({ freeze: { durationMs: -1 }, terminate: { durationMs: 41 } }) }],
    ["the steps take longer than the whole", { steps: stepsOf({ freeze: { durationMs: 30 } }) }],
    ["nobody worked on it", { attempts: 0 }],
    ["a figure is below nothing", { leasesHandedBack: -1 }],
    ["a list names a thing twice", { directoriesWiped: ["a", "a"] }],
    ["a list is in no order", { directoriesWiped: ["b", "a"] }],
    ["it is clean and names a process", { ...left, clean: true }],
    ["it is not clean and names nothing", { clean: false }],
    ["nothing is terminated and processes were", { steps: stepsOf({ terminate: { outcome: "nothing-to-do" } }) }],
    ["a process is left and terminate does not say so", left],
    ["terminate failed and nothing is left", { steps: stepsOf({ terminate: { outcome: "failed" } }) }],
    ["a socket is left that its step does not know", { socketsLeft: ["s"], ledgerEntriesLeft: 1, clean: false }],
    ["wiping failed and nothing is left", { steps: stepsOf({ "wipe-directories": { outcome: "failed" } }) }],
    ["the ledger stays and its step does not say so", { ledgerEntriesLeft: 1, clean: false }],
    ["the key is confirmed and leases are deferred", { leasesDeferred: 1 }],
    [
      "the key is confirmed and the hand-back was put off",
      { steps: stepsOf({ "hand-back": { outcome: "deferred" } }) },
    ],
    ["there is no key and something was revoked", { keyRevoked: "no-key" }],
    ["the key is deferred and the step is done", { keyRevoked: "deferred" }],
    ["leases were handed back and the step had nothing to do", { leasesHandedBack: 1 }],
    ["the hand-back was done of nothing", { steps: stepsOf({ "hand-back": { outcome: "done" } }) }],
  ])("fails when %s", (_what, extra) => {
    expect(reported(extra).result).toBe("fail");
  });

  it("fails when the agent is in another state, and when one that has left is started again", () => {
    expect(judge(new HistoryBuilder().withdrawal({ steps: stepsOf() }), name).detail).toContain("is not Withdrawn");
    const left = new HistoryBuilder().state("Withdrawing", "Withdrawn", "withdrawn", instanceId);
    const [{ data } = { data: {} }] = new HistoryBuilder().withdrawal({ steps: stepsOf() }).records;
    left.add("agent.withdrawal", data as never, instanceId).start("two");
    expect(judge(left, name).detail).toContain("started again");
  });

  it("does not add up the steps of several instances, and knows whose report it is", () => {
    expect(reported({ steps: stepsOf({ freeze: { durationMs: 30 } }), attempts: 2 }).result).toBe("pass");
    expect(reported({}, "another").detail).toContain("another instance");
  });
});
