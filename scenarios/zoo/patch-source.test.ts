import { expect, test } from "vitest";

import type { Mutant } from "./mutant.ts";
import { MisfitError, patchSource } from "./patch-source.ts";

const file = "agent/core/example.ts";

function mutantOf(...patches: [string, string][]): Mutant {
  const [first, ...rest] = patches.map(([find, replace]) => ({ file, find, replace }));
  if (first === undefined) throw new Error("A mutant replaces something.");
  return {
    name: "example",
    breaks: "I1",
    why: "It is an example of how a patch is applied.",
    patches: [first, ...rest],
  };
}

test("replaces each text, as it stands, where it occurs once", () => {
  const mutant = mutantOf(["a < b", "a <= b"], ["return", "$& throw"]);
  expect(patchSource("if (a < b) return;", { mutant, file })).toBe("if (a <= b) $& throw;");
});

test("leaves what the mutant replaces in other files alone", () => {
  expect(patchSource("a < b", { mutant: mutantOf(["a < b", "a > b"]), file: "agent/core/other.ts" })).toBe("a < b");
});

test("names the mutant and the file when the text is not there any more", () => {
  const patching = () => patchSource("if (b > a) return;", { mutant: mutantOf(["a < b", "a <= b"]), file });
  expect(patching).toThrow(MisfitError);
  expect(patching).toThrow(/example does not fit agent\/core\/example\.ts any more: .* does not occur/);
});

test("names how often the text is there when that is not once", () => {
  const patching = () => patchSource("a < b, a < b", { mutant: mutantOf(["a < b", "a <= b"]), file });
  expect(patching).toThrow("occurs 2 times");
});

test("refuses to replace nothing", () => {
  expect(() => patchSource("a", { mutant: mutantOf(["", "b"]), file })).toThrow(MisfitError);
});
