import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { SlowReader } from "./slow-reader.ts";

describe("what may keep its reader", () => {
  it("is read like anything else where it answers", () => {
    const path = join(temporaryDirectory(), "-environ");
    writeFileSync(path, Buffer.from([0x41, 0xff, 0x00]));
    const reader = new SlowReader(10_000);
    expect(reader.read(path)).toBe("A\xff\0");
    expect(reader.stuck).toBe(0);
  });

  it("is given up where it does not, and after some of them nobody is asked any more", () => {
    // Nobody ever writes to it: whoever opens it to read waits, as with the memory of a process that waits for a disk.
    const path = join(temporaryDirectory(), "pipe");
    execFileSync("mkfifo", [path]);
    const reader = new SlowReader(20);
    expect([1, 2, 3, 4].map((number) => reader.read(`${path.replace("pipe", "./".repeat(number))}pipe`))).toEqual([
      null,
      null,
      null,
      null,
    ]);
    writeFileSync(join(path, "..", "plain"), "x");
    expect(reader.read(join(path, "..", "plain"))).toBeNull();
    expect(reader.stuck).toBe(5);
  });
});
