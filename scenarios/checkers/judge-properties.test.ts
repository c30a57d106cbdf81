import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { judgeProperties } from "./judge-properties.ts";

const calm = () => new HistoryBuilder().job(1, null, "queued").job(1, "queued", "offered").lease(1, 1).records;

describe("judgeProperties", () => {
  it("leaves out what had nothing to judge", () => {
    const judged = judgeProperties(calm(), []);
    expect(judged.map(({ id }) => id)).toContain("lease-exclusivity");
    expect(judged.map(({ id }) => id)).not.toContain("withdrawal-bound");
    expect(new Set(judged.map(({ result }) => result))).toEqual(new Set(["pass"]));
  });

  it("fails with the story of a violation", () => {
    const { records } = new HistoryBuilder().lease(1, 1).lease(1, 2);
    const broken = judgeProperties(records, []).find(({ id }) => id === "lease-exclusivity");
    expect(broken).toMatchObject({ result: "fail", story: expect.anything() });
  });

  it("calls nothing passed on half the evidence", () => {
    const judged = judgeProperties(calm(), ["line 3 is torn"]);
    expect(judged.map(({ result, detail }) => [result, detail.includes("line 3 is torn")])).toEqual(
      judged.map(() => ["unknown", true]),
    );
    expect(judged.length).toBeGreaterThan(0);
  });

  it("keeps a checker that crashed, as unknown", () => {
    const broken = [{ type: "broker.released" }] as never[];
    const crashed = judgeProperties(broken, []).find(({ id }) => id === "completion-once");
    expect(crashed?.result).toBe("unknown");
  });

  it("judges only the properties that are named", () => {
    const { records } = new HistoryBuilder().start().freeze(1, 40);
    expect(judgeProperties(records, []).find(({ id }) => id === "freeze-bound")?.result).toBe("fail");
    expect(judgeProperties(records, [], ["transitions", "shutdown-once"])).toEqual([]);
  });
});
