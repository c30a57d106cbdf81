import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "epochs-grow";

describe("epochs-grow", () => {
  it("passes a later epoch after the store forgot the earlier one", () => {
    const history = new HistoryBuilder().lease(1, 1).loseStore(1).lease(1, 1_000);
    expect(judge(history, name)).toMatchObject({
      result: "pass",
      detail: "1 further grants, each under a later epoch, over 1 losses of the store",
    });
  });

  it("says nothing where nothing was lost, or granted again", () => {
    expect(judge(new HistoryBuilder().lease(1, 1).lease(1, 2), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().lease(1, 1).loseStore(1), name).result).toBe("unknown");
  });

  it("fails an epoch that comes twice", () => {
    const history = new HistoryBuilder().lease(1, 1).loseStore(1).lease(1, 1);
    expect(judge(history, name).detail).toContain("granted under epoch 1 after 1");
  });
});
