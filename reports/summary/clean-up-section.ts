import { type Line, tinted } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import type { Section } from "./run-view.ts";

/** Whether the harness undid all that it did; if not, the commands that finish it. */
export const cleanUpSection: Section = ({ verdict: { cleanUp } }, width) => {
  if (cleanUp.result === "pass") {
    return [[tinted("Clean-up", "heading"), "  ", tinted("✓", "good"), " the harness undid all that it did"]];
  }
  return [
    [tinted("Clean-up", "heading"), "  ", tinted("✗ the harness could not undo all that it did", "bad")],
    ...cleanUp.notUndone.flatMap(({ what, why, finishWith }): Line[] => [
      ...wrap(`${what}: ${why}`, width - 4).map((text, index): Line => [index === 0 ? "  · " : "    ", text]),
      ["    finish with  ", tinted(finishWith, "command")],
    ]),
  ];
};
