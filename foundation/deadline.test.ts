import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { withinDeadline } from "./deadline.ts";

describe("a deadline", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("work that is done in time gives its value and leaves no timer behind", async () => {
    expect(await withinDeadline(Promise.resolve("done"), { ms: 1_000, late: "late" })).toBe("done");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("work that fails in time fails, and leaves no timer behind", async () => {
    const work = Promise.reject(new Error("broken"));
    await expect(withinDeadline(work, { ms: 1_000, late: "late" })).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("work that is never done is late when the time is up, and not a moment before", async () => {
    let answer: string | undefined;
    const waiting = withinDeadline(new Promise<string>(() => undefined), { ms: 1_000, late: "late" }).then((value) => {
      answer = value;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(answer).toBe("late");
  });

  test("a deadline in the past is over at once", async () => {
    const waiting = withinDeadline(new Promise<string>(() => undefined), { ms: -5, late: "late" });
    await vi.advanceTimersByTimeAsync(0);
    expect(await waiting).toBe("late");
  });

  test("work that fails after the deadline disturbs nobody", async () => {
    const work = Promise.withResolvers<string>();
    const waiting = withinDeadline(work.promise, { ms: 10, late: "late" });
    await vi.advanceTimersByTimeAsync(10);
    expect(await waiting).toBe("late");
    // An unhandled rejection would fail this run.
    work.reject(new Error("too late to matter"));
  });
});
