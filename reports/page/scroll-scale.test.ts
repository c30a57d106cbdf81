import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { contentHeight, type ListView, scrolledTo, scrollTopFor } from "./scroll-scale.ts";

const rowHeight = 22;
const height = 600;
const million = 1_000_000 * rowHeight;
const atTop: ListView = { top: 0, scrollTop: 0, height };

describe("a list that every browser can lay out", () => {
  test("is as high as its rows, and scrolls as far as the browser does", () => {
    fc.assert(
      fc.property(fc.nat({ max: 300_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (rows, share) => {
        const total = rows * rowHeight;
        expect(contentHeight(total)).toBe(total);
        const scrollTop = share * Math.max(0, total - height);
        expect(scrolledTo(atTop, { scrollTop, height, total })).toEqual({ top: scrollTop, scrollTop, height });
        expect(scrollTopFor(scrollTop, { height, total })).toBeCloseTo(scrollTop, 3);
      }),
    );
  });
});

describe("a list that is too long for that", () => {
  const moves = fc.array(fc.oneof(fc.integer({ min: -height, max: height }), fc.integer({ min: -9e6, max: 9e6 })));
  const totals = fc.integer({ min: 8_000_001, max: 500 * million });

  test("never shows what is not there, nor puts a row where no browser would lay it out", () => {
    fc.assert(
      fc.property(totals, moves, (total, way) => {
        let view = atTop;
        for (const move of way) {
          const scrollTop = Math.min(contentHeight(total) - height, Math.max(0, view.scrollTop + move));
          view = scrolledTo(view, { scrollTop, height, total });
          expect(view.top).toBeGreaterThanOrEqual(0);
          expect(view.top).toBeLessThanOrEqual(total - height);
          // The last row in sight, where it is put.
          expect(view.scrollTop + height).toBeLessThanOrEqual(8_000_000);
        }
      }),
    );
  });

  test("moves by just as much as somebody scrolls, where that is less than a screen", () => {
    const middle = { top: million / 2, scrollTop: scrollTopFor(million / 2, { height, total: million }), height };
    const view = scrolledTo(middle, { scrollTop: middle.scrollTop + 120, height, total: million });
    expect(view.top - middle.top).toBe(120);
  });

  test("goes to its share of the whole where somebody jumps, and to either end", () => {
    const scrollMax = contentHeight(million) - height;
    const jumped = (scrollTop: number) => scrolledTo(atTop, { scrollTop, height, total: million }).top;
    expect(jumped(scrollMax / 4)).toBeCloseTo((million - height) / 4, 3);
    expect(jumped(scrollMax)).toBe(million - height);
    const nearlyUp = { top: 9_000, scrollTop: 100, height };
    expect(scrolledTo(nearlyUp, { scrollTop: 0, height, total: million }).top).toBe(0);
    const nearlyDown = { top: million - height - 9_000, scrollTop: scrollMax - 100, height };
    expect(scrolledTo(nearlyDown, { scrollTop: scrollMax - 0.5, height, total: million }).top).toBe(million - height);
  });

  test("every place can be gone to, and stays where it is until somebody scrolls", () => {
    fc.assert(
      fc.property(totals, fc.double({ min: 0, max: 1, noNaN: true }), (total, share) => {
        const top = share * (total - height);
        const view = { top, scrollTop: scrollTopFor(top, { height, total }), height };
        expect(scrolledTo(view, { scrollTop: view.scrollTop, height, total }).top).toBe(top);
        expect(view.scrollTop).toBeLessThanOrEqual(contentHeight(total) - height);
      }),
    );
  });
});
