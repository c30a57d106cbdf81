import { describe, expect, it } from "vitest";

import { threadFilter } from "./thread-filter.ts";

describe("the filter for threads", () => {
  it("names each, and those that follow one another in one range", () => {
    expect(threadFilter("pid", [9, 7, 7], 100)).toBe("pid == 7 || pid == 9");
    expect(threadFilter("pid", [3, 1, 2, 20], 100)).toBe("(pid >= 1 && pid <= 3) || pid == 20");
    expect(threadFilter("pid", [], 100)).toBe("");
  });

  it("lets in those between the nearest where it may not be that long", () => {
    const short = threadFilter("pid", [1, 4, 6, 9, 90, 92, 500], 60);
    expect(short).toBe("(pid >= 1 && pid <= 92) || pid == 500");
    expect(threadFilter("pid", [1, 4, 6, 9, 90, 92], 60)).toBe("(pid >= 1 && pid <= 9) || (pid >= 90 && pid <= 92)");
  });

  it("names the threads of a hundred processes, and nobody else's", () => {
    const threads = Array.from({ length: 1_100 }, (_, index) => 300 * Math.floor(index / 11) + (index % 11) + 100);
    const filter = threadFilter("pid", threads, 3_900);
    const named = [...filter.matchAll(/>= (\d+) && pid <= (\d+)/g)].map(
      ([, from, to]) => Number(to) - Number(from) + 1,
    );
    expect(named.reduce((sum, length) => sum + length, 0)).toBe(threads.length);
  });
});
