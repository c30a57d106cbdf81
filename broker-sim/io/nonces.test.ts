import { expect, test } from "vitest";

import { NonceStore } from "./nonces.ts";

const windowMs = 1_000;
/** `created` is at most a window ahead and stays good for a window after that; it counts whole seconds. */
const goodForMs = 2 * windowMs + 1_000;

test("a nonce is taken once for as long as its signature could be taken again", () => {
  const nonces = new NonceStore({ signatureWindowMs: windowMs });
  expect(nonces.take("a", "n", 0)).toBe("new");
  expect(nonces.take("a", "n", 0)).toBe("seen");
  expect(nonces.take("b", "n", 0)).toBe("new");
  expect(nonces.take("a", "n", goodForMs - 1)).toBe("seen");
  expect(nonces.take("a", "n", goodForMs)).toBe("new");
});

test("a full store refuses new ones instead of forgetting live ones", () => {
  const nonces = new NonceStore({ signatureWindowMs: windowMs, max: 2 });
  expect(["1", "2", "3"].map((nonce) => nonces.take("a", nonce, 0))).toEqual(["new", "new", "full"]);
  expect(nonces.take("a", "1", goodForMs - 1)).toBe("seen");
  expect(nonces.take("a", "3", goodForMs)).toBe("new");
});
