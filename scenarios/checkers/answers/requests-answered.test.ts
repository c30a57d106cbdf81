import { describe, expect, it } from "vitest";

import { agentId, answered, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "requests-answered";
const asked = () =>
  new HistoryBuilder().add("witness.asked", { agentId, request: 1, command: "pause", withinMs: 31_000 });
const answer = { ...answered, command: "pause" } as const;

describe("requests-answered", () => {
  it("passes when each is answered in time, granted or not, or ends with the process", () => {
    expect(judge(asked().add("witness.answered", answer), name)).toMatchObject({
      result: "pass",
      detail: /^1 requests/,
    });
    for (const code of ["refused", "ended"]) {
      expect(judge(asked().add("witness.answered", { ...answer, ok: false, code }), name).result).toBe("pass");
    }
    expect(judge(asked(), name).result).toBe("unknown");
  });

  it("fails when one is not answered, or late", () => {
    const none = asked().add("witness.answered", { ...answer, ok: false, code: "no-answer" });
    expect(judge(none, name).result).toBe("fail");
    const at = (waitedMs: number) => judge(asked().add("witness.answered", { ...answer, waitedMs }), name);
    expect(at(31_000).result).toBe("pass");
    expect(at(31_001).detail).toContain("waited 31001 ms");
  });

  it("fails when one is answered twice, or was never asked", () => {
    const twice = asked().add("witness.answered", answer).add("witness.answered", answer);
    expect(judge(twice, name).detail).toContain("nobody had open");
    expect(judge(new HistoryBuilder().add("witness.answered", answer), name).result).toBe("fail");
  });
});
