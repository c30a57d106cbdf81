import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "killswitch";
type To = HistoryData<"broker.execution">["to"];
const told = (executionId: string, to: To) =>
  ({ executionId, from: "spawning", to, startedAt: null, completedAt: null, reason: "" }) as const;
const seen = (executionId: string, change: "began" | "gone") => ({ executionId, change, pid: 1, exitCode: null });
const two = () =>
  new HistoryBuilder()
    .add("broker.execution", told("exec-1", "running"))
    .add("witness.execution", seen("exec-1", "began"))
    .add("broker.execution", told("exec-2", "running"));

describe("killswitch", () => {
  it("says nothing where nobody threw it, or too few were there", () => {
    expect(judge(two(), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().add("witness.kill", { executionIds: [] }), name).result).toBe("unknown");
  });

  it("passes when each is killed, and seen to be gone where it was seen to begin", () => {
    const history = two()
      .add("witness.kill", { executionIds: ["exec-1", "exec-2"] })
      .add("witness.execution", seen("exec-1", "gone"))
      .add("broker.execution", told("exec-1", "killed"))
      .add("broker.execution", told("exec-2", "killed"));
    expect(judge(history, name, { agentsMin: 2 })).toMatchObject({ result: "pass" });
  });

  it("fails when it leaves one out that has not ended", () => {
    const history = two().add("witness.kill", { executionIds: ["exec-1"] });
    expect(judge(history, name).detail).toContain("exec-2 is running, and the killswitch left it out");
  });

  it("fails when one has not come to its end, or another one than that", () => {
    const history = () => two().add("witness.kill", { executionIds: ["exec-1", "exec-2"] });
    const killing = history().add("broker.execution", told("exec-1", "killing"));
    expect(judge(killing, name).detail).toContain("exec-1 was to be killed and is killing");
    const failed = history().add("broker.execution", told("exec-1", "failed"));
    expect(judge(failed, name).detail).toContain("is failed");
  });

  it("fails when one is told to be killed and was not seen to go", () => {
    const history = two()
      .add("witness.kill", { executionIds: ["exec-1", "exec-2"] })
      .add("broker.execution", told("exec-1", "killed"))
      .add("broker.execution", told("exec-2", "killed"));
    expect(judge(history, name).detail).toContain("nobody saw it go");
  });
});
