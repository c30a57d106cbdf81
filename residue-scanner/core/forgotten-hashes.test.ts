import { expect, it } from "vitest";

import { ForgottenHashes } from "./forgotten-hashes.ts";

/** As hashes are: spread over all 32 bits, and the same each time. */
const hashAt = (index: number) => Math.imul(index + 1, 0x2545f491) ^ Math.imul(index + 7, 0x119de1f3);

it("what was let go of is known for certain, and of others hardly any is taken for it", () => {
  const forgotten = new ForgottenHashes();
  expect(forgotten.mayHave(0)).toBe(false);
  const many = 200_000;
  for (let index = 0; index < many; index += 1) forgotten.add(hashAt(index));
  let [known, mistaken] = [0, 0];
  for (let index = 0; index < many; index += 1) {
    if (forgotten.mayHave(hashAt(index))) known += 1;
    if (forgotten.mayHave(hashAt(many + index))) mistaken += 1;
  }
  expect(known).toBe(many);
  expect(mistaken).toBeLessThan(many / 100);
});

it("has room for a million, as a long run with many files lets go of", () => {
  const forgotten = new ForgottenHashes();
  const [many, asked] = [1_000_000, 20_000];
  for (let index = 0; index < many; index += 1) forgotten.add(hashAt(index));
  let [known, mistaken] = [0, 0];
  for (let index = 0; index < asked; index += 1) {
    if (forgotten.mayHave(hashAt(index * 50))) known += 1;
    if (forgotten.mayHave(hashAt(many + index))) mistaken += 1;
  }
  expect(known).toBe(asked);
  expect(mistaken).toBeLessThan(asked / 50);
});
