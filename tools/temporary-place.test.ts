import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";

import { compiledVariable, makeTemporaryPlace } from "./temporary-place.ts";

test("the programs in few files, and what they compiled, may lie in the place of the tests at their end, and nothing else", () => {
  const place = makeTemporaryPlace();
  onTestFinished(() => place.remove());
  const { TMPDIR: temporary = "", [compiledVariable]: compiled = "" } = place.environment;
  // Some tests act as another user, whose programs keep theirs there too.
  expect(statSync(compiled).mode & 0o7777).toBe(0o1777);
  mkdirSync(join(compiled, "v24"));
  writeFileSync(join(compiled, "v24", "module"), "");
  mkdirSync(place.bundle);
  writeFileSync(join(place.bundle, "program.mjs"), "");
  writeFileSync(join(temporary, "forgotten"), "");
  expect(place.leftovers()).toEqual(["forgotten"]);
  place.remove();
  expect(existsSync(temporary)).toBe(false);
});
