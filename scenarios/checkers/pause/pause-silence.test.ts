import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "pause-silence";

describe("pause-silence", () => {
  const look = (running: number, cpuUsedUs: number) =>
    new HistoryBuilder().add("witness.frozen", { processes: 3, running, cpuUsedUs, forMs: 300 });

  it("judges what a witness saw", () => {
    expect(judge(look(0, 10), name).result).toBe("pass");
    expect(judge(look(0, 3_000), name).result).toBe("pass");
    expect(judge(look(1, 0), name).result).toBe("fail");
    expect(judge(look(0, 200_000), name).result).toBe("fail");
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });

  it("fails when something comes to run while Paused, and only then", () => {
    const spawning = () => new HistoryBuilder().execution(1, null, "spawning");
    const paused = () => spawning().state("Idle", "Paused", "paused");
    expect(judge(paused().execution(1, "spawning", "running"), name).detail).toContain("running while Paused");
    expect(judge(paused().execution(1, "spawning", "killed"), name).result).toBe("unknown");
    const resumed = paused().state("Paused", "Idle", "resumeAsked").execution(1, "spawning", "running");
    expect(judge(resumed, name).result).toBe("unknown");
    expect(judge(paused().execution(2, null, "spawning", "another"), name).result).toBe("unknown");
  });

  it("fails when a frozen sandbox gets further", () => {
    const saved = () => new HistoryBuilder().freeze().save(1, 1, 5);
    expect(judge(saved().save(1, 1, 6), name)).toMatchObject({
      detail: "lease-1-1 got from 5 to 6 while it was frozen",
      story: [expect.stringContaining("frozen"), expect.anything(), expect.stringContaining("progress=6")],
    });
    expect(judge(saved().save(1, 1, 5).save(2, 1, 9), name).result).toBe("unknown");
    expect(judge(saved().thaw().freeze().save(1, 1, 6), name).result).toBe("unknown");
  });
});
