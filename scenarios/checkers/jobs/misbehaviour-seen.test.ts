import { expect, test } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "misbehaviour-seen";
const seen = (behaviour: string, jobs: number, processes: number) =>
  new HistoryBuilder().add("witness.misbehaviour", { agentId, behaviour, jobs, processes, detail: "SigIgn" });

test("misbehaviour-seen is content with what was seen of that kind alone, and knows nothing otherwise", () => {
  const settings = { behaviour: "ignores-sigterm", jobsMin: 2, processesMin: 3 };
  expect(judge(seen("ignores-sigterm", 2, 3), name, settings)).toMatchObject({
    result: "pass",
    detail: expect.stringContaining("SigIgn"),
  });
  expect(judge(seen("ignores-sigterm", 1, 3), name, settings).result).toBe("unknown");
  expect(judge(seen("ignores-sigterm", 2, 2), name, settings).result).toBe("unknown");
  expect(judge(seen("daemonises", 2, 3), name, settings).result).toBe("unknown");
});
