import { expect, it } from "vitest";

import type { Steps } from "./core/steps.ts";
import { inTurns } from "./in-turns.ts";

function* endless(): Steps<never> {
  for (;;) yield;
}

function* three(): Steps<string> {
  yield;
  yield;
  return "done";
}

it("work in steps ends when it is told to, and timers run meanwhile", async () => {
  const controller = new AbortController();
  let ticks = 0;
  // As the live line's.
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === 2) controller.abort(new Error("enough"));
  }, 1);
  try {
    await expect(inTurns(endless(), controller.signal)).rejects.toThrow("enough");
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBe(2);
});

it("work in steps gives what it comes to, unless it was told to end in its last turn", async () => {
  expect(await inTurns(three())).toBe("done");
  const controller = new AbortController();
  const work = inTurns(three(), controller.signal);
  controller.abort(new Error("too late"));
  await expect(work).rejects.toThrow("too late");
});

it("work that is told to end gives back what it holds", async () => {
  let held = 0;
  function* holding(): Steps<never> {
    held += 1;
    try {
      for (;;) yield;
    } finally {
      held -= 1;
    }
  }
  const controller = new AbortController();
  const work = inTurns(holding(), controller.signal);
  expect(held).toBe(1);
  controller.abort(new Error("enough"));
  await expect(work).rejects.toThrow("enough");
  expect(held).toBe(0);
});
