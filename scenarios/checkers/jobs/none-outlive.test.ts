import { expect, test } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const outlived = (watched: number, left: number) =>
  judge(new HistoryBuilder().add("witness.outlived", { agentId, watched, left, detail: "7 (sleep)" }), "none-outlive", {
    watchedMin: 2,
  });

test("none-outlive fails for one that is left, and proves nothing where nobody was watched", () => {
  expect(outlived(2, 0).result).toBe("pass");
  expect(outlived(2, 1)).toMatchObject({ result: "fail", detail: expect.stringContaining("7 (sleep)") });
  expect(outlived(1, 0).result).toBe("unknown");
});
