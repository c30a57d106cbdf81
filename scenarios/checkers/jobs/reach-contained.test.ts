import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Reach = HistoryData<"witness.reach">;
const enclosed: Reach = {
  ...{ agentId, driver: "bubblewrap", behaviour: "opens-port", where: "127.0.0.1:1", when: "at-work" },
  ...{ tried: true, reached: false },
};
const open: Reach = { ...enclosed, driver: "process", reached: true };
const after: Reach = { ...open, when: "afterwards", reached: false };

function reach(...records: readonly Reach[]) {
  const history = new HistoryBuilder();
  for (const record of records) history.add("witness.reach", record);
  return judge(history, "reach-contained", { enclosedMin: 1, openMin: 1 });
}

describe("reach-contained", () => {
  it("passes where the enclosure held, and what was open has closed", () => {
    expect(reach(enclosed, open, after).result).toBe("pass");
  });

  it("fails where an enclosed job got there, and where it is still reached afterwards", () => {
    expect(reach({ ...enclosed, reached: true }, open).result).toBe("fail");
    expect(reach(enclosed, open, { ...after, reached: true }).result).toBe("fail");
  });

  it("knows nothing where nothing was tried, or where no other job shows that it could have been reached", () => {
    expect(reach({ ...enclosed, tried: false }, open).result).toBe("unknown");
    expect(reach(enclosed, { ...open, reached: false }).result).toBe("unknown");
  });
});
