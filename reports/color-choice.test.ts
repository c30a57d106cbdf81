import { expect, test } from "vitest";

import { wantsColor } from "./color-choice.ts";

test.for([
  ["a terminal", { terminal: true }, true],
  ["a pipe", { terminal: false }, false],
  ["--no-color against FORCE_COLOR", { terminal: true, refused: true, environment: { FORCE_COLOR: "1" } }, false],
  ["NO_COLOR on a terminal", { terminal: true, environment: { NO_COLOR: "1" } }, false],
  ["an empty NO_COLOR", { terminal: true, environment: { NO_COLOR: "" } }, true],
  ["FORCE_COLOR in a pipe", { terminal: false, environment: { FORCE_COLOR: "1" } }, true],
  ["FORCE_COLOR=0 on a terminal", { terminal: true, environment: { FORCE_COLOR: "0" } }, false],
  ["FORCE_COLOR against NO_COLOR", { terminal: false, environment: { FORCE_COLOR: "1", NO_COLOR: "1" } }, true],
  ["a dumb terminal", { terminal: true, environment: { TERM: "dumb" } }, false],
] as const)("%s", ([, wishes, expected]) => {
  expect(wantsColor({ refused: false, environment: {}, ...wishes })).toBe(expected);
});
