import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

describe("key-revoked", () => {
  const tried = (status: number, code: string) =>
    judge(new HistoryBuilder().add("witness.revoked-key", { status, code }), "key-revoked").result;

  it("fails when the broker takes the key, or refuses it for another reason", () => {
    expect(tried(200, "none")).toBe("fail");
    expect(tried(401, "stale")).toBe("fail");
    expect(tried(401, "revoked")).toBe("pass");
    expect(judge(new HistoryBuilder(), "key-revoked").result).toBe("unknown");
  });
});
