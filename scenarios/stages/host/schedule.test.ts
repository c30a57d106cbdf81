import { describe, expect, it, vi } from "vitest";

import { Schedule } from "./schedule.ts";

const hourMs = 3_600_000;
const schedule = (signal = new AbortController().signal) => new Schedule(signal);

describe("Schedule", () => {
  it("does at once what waits for its time when all is to be calm", async () => {
    const one = schedule();
    const work = vi.fn<() => Promise<void>>(() => Promise.resolve());
    one.later(hourMs, work);
    expect(await one.idle(1)).toBe(false);
    expect(work).not.toHaveBeenCalled();
    one.calm();
    expect(await one.idle(hourMs)).toBe(true);
    expect(work).toHaveBeenCalledOnce();
  });

  it("begins nothing any more once it is stopped", async () => {
    const one = schedule();
    const work = vi.fn<() => Promise<void>>(() => Promise.resolve());
    one.later(hourMs, work);
    await one.stop();
    one.calm();
    expect(work).not.toHaveBeenCalled();
  });

  it("gives up with the run", async () => {
    const run = new AbortController();
    const one = schedule(run.signal);
    one.later(hourMs, () => Promise.resolve());
    run.abort(new Error("interrupted"));
    await expect(one.reached(hourMs)).rejects.toThrow("aborted");
    await one.stop();
  });

  it("tells what went wrong beside the steps", async () => {
    const one = schedule();
    one.beside(() => Promise.reject(new Error("the agent did not start")));
    await expect(one.idle(hourMs)).rejects.toThrow("the agent did not start");
  });

  it("lets a process go on with the last of its reasons to stand still, and counts the time once", async () => {
    const one = schedule();
    const first = one.standsStill(7);
    const second = one.standsStill(7);
    await one.reached(one.nowMs + 20);
    expect(first()).toBe("others are left");
    expect(second()).toBe("last");
    expect(one.stoodStillMs(7, 0)).toBeGreaterThanOrEqual(20);
    expect(one.stoodStillMs(7, 0)).toBeLessThan(one.nowMs + 1);
    expect(one.stoodStillMs(8, 0)).toBe(0);
  });
});
