import { describe, expect, it } from "vitest";

import { depthWithin, isBelow, isWithin, leadsTo } from "./path-scope.ts";

describe("a path is in a directory", () => {
  it("when it is the directory or lies below it, not when it only begins like it", () => {
    expect(isBelow("/run/1", "/run/1")).toBe(true);
    expect(isBelow("/run/1/log", "/run/1")).toBe(true);
    expect(isBelow("/run/10", "/run/1")).toBe(false);
    expect(isBelow("/run", "/run/1")).toBe(false);
    expect(isBelow("/anything", "/")).toBe(true);
  });

  it("by any of several, and the longest is the innermost", () => {
    expect(isWithin("/run/1/log", ["/tmp", "/run/1/"])).toBe(true);
    expect(isWithin("/run/1", [])).toBe(false);
    expect(depthWithin("/run/1/log", "/run/1")).toBeGreaterThan(depthWithin("/run/1/log", "/run"));
    expect(depthWithin("/run/1", "/run/2")).toBe(0);
  });

  it("that leads to another one only when it is above that", () => {
    expect(leadsTo("/run", ["/run/1"])).toBe(true);
    expect(leadsTo("/run/1", ["/run/1"])).toBe(false);
    expect(leadsTo("/ru", ["/run/1"])).toBe(false);
  });
});
