import { expect, test } from "vitest";

import { NonceStore } from "./nonces.ts";

const windowMs = 1_000;
/** `created` is at most a window ahead and stays good for a window after that; it counts whole seconds. */
const goodForMs = 2 * windowMs + 1_000;
const startMs = 1_000_000_000;

/** Takes nonces at so many milliseconds after the start; the clock that judges may be off. */
function taker(options: { max?: number } = {}) {
  const nonces = new NonceStore({ signatureWindowMs: windowMs, ...options });
  return (agentId: string, nonce: string, atMs: number, { aheadMs = 0, createdMs = startMs } = {}) =>
    nonces.take(
      { agentId, nonce, createdS: Math.floor(createdMs / 1_000) },
      { nowMs: startMs + atMs + aheadMs, monotonicMs: atMs },
    );
}

test("a nonce is taken once for as long as its signature could be taken again", () => {
  const take = taker();
  expect(take("a", "n", 0)).toBe("new");
  expect(take("a", "n", 0)).toBe("seen");
  expect(take("b", "n", 0)).toBe("new");
  expect(take("a", "n", goodForMs - 1)).toBe("seen");
  expect(take("a", "n", goodForMs)).toBe("new");
});

test("a full store refuses new ones instead of forgetting live ones", () => {
  const take = taker({ max: 2 });
  expect(["1", "2", "3"].map((nonce) => take("a", nonce, 0))).toEqual(["new", "new", "full"]);
  expect(take("a", "1", goodForMs - 1)).toBe("seen");
  expect(take("a", "3", goodForMs)).toBe("new");
});

test("a clock that jumps ahead makes nothing be forgotten", () => {
  const take = taker();
  expect(take("a", "n", 0)).toBe("new");
  expect(take("a", "other", 1, { aheadMs: 3_600_000, createdMs: startMs + 3_600_000 })).toBe("new");
  expect(take("a", "n", 2)).toBe("seen");
});

test("a signature to whose time the clock was put back is held until that has gone by", () => {
  const take = taker();
  const aheadMs = 3_600_000;
  const ahead = { createdMs: startMs + aheadMs };
  expect(take("a", "n", 0, { aheadMs, ...ahead })).toBe("new");
  // The clock is right again, and comes to that time an hour later.
  for (let atMs = 1; atMs < aheadMs; atMs += goodForMs) {
    take("a", `at ${atMs}`, atMs, { createdMs: startMs + atMs });
  }
  expect(take("a", "n", aheadMs, ahead)).toBe("seen");
  expect(take("a", "n", aheadMs + 2 * goodForMs, ahead)).toBe("new");
});
