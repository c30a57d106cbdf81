import { describe, expect, it } from "vitest";

import { coveredPath, coveredPlace, isCovered } from "./covered-path.ts";
import { joinPath } from "./packed-tree.ts";
import { isBelow } from "./path-scope.ts";

describe("the path of what a mount covers", () => {
  it("is in the mount point's own scope, and tells what it would be without the mount", () => {
    const file = joinPath(joinPath(coveredPath("/mnt/x"), "directory"), "file");
    expect(isCovered(file)).toBe(true);
    expect(isBelow(file, "/mnt/x")).toBe(true);
    expect(coveredPlace(file)).toEqual({ path: "/mnt/x/directory/file", point: "/mnt/x" });
  });

  it("is no path that a file can have", () => {
    expect(isCovered("/mnt/x/ordinary \\0 \xff\n")).toBe(false);
    expect(coveredPlace("/mnt/x/ordinary")).toBeNull();
  });
});
