import fc from "fast-check";
import { expect, test } from "vitest";

import type { StateSpan } from "../figures/timeline.ts";
import { type Piece, lineWidth } from "../text/line.ts";
import { timelineBar } from "./timeline-section.ts";

test("a bar in proportion, in which even the shortest span has its column", () => {
  const bar = timelineBar(spans(["Idle", 100], ["Working", 800], ["Paused", 1], ["Working", 99]), 20);
  // One column each, and of the 16 others 1.6, 12.8, 0.016 and 1.584: the largest remainders are rounded up.
  expect(text(bar)).toBe("───██████████████░██");
});

test("with more changes than columns the shares are still those of the time", () => {
  const cycles = Array.from({ length: 200 }, (): [StateSpan["state"], number][] => [
    ["Working", 1],
    ["Paused", 3],
  ]).flat();
  const bar = text(timelineBar(spans(...cycles), 40));
  expect(bar.match(/█/gu)).toHaveLength(10);
  expect(bar.match(/░/gu)).toHaveLength(30);
});

test("it is always as wide as asked", () => {
  const span = fc.tuple(fc.constantFrom("Idle", "Working", "Paused"), fc.integer({ min: 0, max: 5_000 }));
  fc.assert(
    fc.property(
      fc.array(span, { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 10, max: 120 }),
      (durations, width) => {
        expect(lineWidth(timelineBar(spans(...(durations as [StateSpan["state"], number][])), width))).toBe(width);
      },
    ),
  );
});

function spans(...durations: readonly (readonly [StateSpan["state"], number])[]): StateSpan[] {
  let at = 0;
  return durations.map(([state, ms]) => {
    const fromMs = at;
    at += ms;
    return { state, fromMs, toMs: at };
  });
}

function text(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : piece.text)).join("");
}
