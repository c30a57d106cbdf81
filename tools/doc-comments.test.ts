import { expect, test } from "vitest";

import { docComments } from "./doc-comments.ts";

test("the words of each docstring are told on one line, and nothing else", () => {
  const source = `/** One line (case 1). */
const a = 1; // case 2
/* case 3 */
/**
 * Two lines, the
 * second here; docs/cases.md, cases 4
 * and 5.
 */
export const b = "/* case 6 */";`;
  expect(docComments(source)).toEqual([
    "One line (case 1).",
    "Two lines, the second here; docs/cases.md, cases 4 and 5.",
  ]);
});
