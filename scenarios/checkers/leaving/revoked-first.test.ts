import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "revoked-first";
const other = "c".repeat(64);

const started = () => new HistoryBuilder().start();
const revoke = (history: HistoryBuilder, whose = agentId) =>
  history.add("broker.agent", { agentId: whose, standing: "revoked", reason: "it withdrew" });
const wipe = (history: HistoryBuilder, resource = "key:/home/key", change: "made" | "gone" = "gone") =>
  history.add("witness.resource", { agentId, change, resource });
const lose = (history: HistoryBuilder, fault: string, ...subjects: readonly string[]) =>
  history.add("fault.applied", { fault, target: "broker", detail: "", subjects: [...subjects] });

describe("revoked-first", () => {
  it("passes where the key is revoked and then wiped", () => {
    expect(judge(wipe(revoke(started())).withdrawal(), name)).toMatchObject({ result: "pass", detail: "1 keys" });
  });

  it("fails where it is wiped first, whether it is revoked later or only said to be", () => {
    const { result, story } = judge(revoke(wipe(started())).withdrawal(), name);
    expect(result).toBe("fail");
    expect(story).toHaveLength(2);
    expect(judge(wipe(started()).withdrawal(), name).result).toBe("fail");
  });

  it("is not misled by another agent's revocation, or by another standing", () => {
    expect(judge(wipe(revoke(started(), other)).withdrawal(), name).result).toBe("fail");
    const active = started().add("broker.agent", { agentId, standing: "lost", reason: "" });
    expect(judge(wipe(active).withdrawal(), name).result).toBe("fail");
  });

  it("passes where the broker could not be reached: the key is reported as deferred, or as none", () => {
    for (const keyRevoked of ["deferred", "no-key"] as const) {
      expect(judge(wipe(started()).withdrawal({ keyRevoked }), name).result).toBe("unknown");
      const next = revoke(wipe(started()).withdrawal({ keyRevoked, clean: false }).start("two"));
      expect(judge(next.withdrawal(), name).result).toBe("pass");
    }
  });

  it("looks at the key alone, and at its end", () => {
    expect(judge(revoke(wipe(started(), "directory:/home/key:s")).withdrawal(), name).result).toBe("pass");
    expect(judge(revoke(wipe(started(), "key:/home/key", "made")).withdrawal(), name).result).toBe("pass");
  });

  it("passes where the broker did not live to tell of the revocation, if that was this agent's", () => {
    expect(judge(wipe(lose(started(), "lose-history", "job-1", agentId)).withdrawal(), name).result).toBe("pass");
    expect(judge(wipe(lose(started(), "lose-history", "job-1", other)).withdrawal(), name).result).toBe("fail");
    expect(judge(wipe(lose(started(), "lose-store", agentId)).withdrawal(), name).result).toBe("fail");
  });

  it("remembers the revocation for a withdrawal that left something and tries again", () => {
    const again = revoke(started()).withdrawal({ clean: false }).start("two");
    expect(judge(wipe(again).withdrawal(), name)).toMatchObject({ result: "pass", detail: "2 keys" });
  });

  it("sees through a restart between the wipe and the report", () => {
    expect(judge(revoke(wipe(started()).start("two")).withdrawal(), name).result).toBe("fail");
  });
});
