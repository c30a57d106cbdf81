import { describe, expect, it } from "vitest";

import { showShare, wilsonShare } from "./statistics.ts";

describe("Wilson's interval", () => {
  it("is that of the literature", () => {
    // R. G. Newcombe, Statistics in Medicine 17 (1998), table I: method 3.
    const table = [
      { hits: 81, tries: 263, low: 0.2553, high: 0.3662 },
      { hits: 15, tries: 148, low: 0.0624, high: 0.1605 },
      { hits: 0, tries: 20, low: 0, high: 0.1611 },
      { hits: 1, tries: 29, low: 0.0061, high: 0.1718 },
    ];
    for (const { hits, tries, low, high } of table) {
      const share = wilsonShare(hits, tries);
      expect([share.low.toFixed(4), share.high.toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)]);
    }
  });

  it("ends at all and at none, and knows nothing of nothing", () => {
    expect(wilsonShare(90, 90)).toMatchObject({ high: 1 });
    expect(wilsonShare(90, 90).low).toBeCloseTo(0.9591, 4);
    expect(wilsonShare(0, 35).low).toBe(0);
    expect(wilsonShare(0, 0)).toEqual({ hits: 0, tries: 0, low: 0, high: 1 });
  });

  it("is told in percent", () => {
    expect(showShare(wilsonShare(1, 29))).toBe("1 of 29 (3.4 %; 95 % interval 0.6 to 17.2 %)");
    expect(showShare(wilsonShare(0, 0))).toBe("0 of 0 (none tried; 95 % interval 0.0 to 100.0 %)");
  });
});
