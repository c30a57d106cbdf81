import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";

import { DirectoryQueue, newDirectoryQueue } from "./directory-queue.ts";

describe("the shared queue of directories", () => {
  test.prop([fc.array(fc.uint8Array({ maxLength: 300 }))])("gives back what was given, the last first", (paths) => {
    const queue = new DirectoryQueue(newDirectoryQueue(1));
    for (const path of paths) expect(queue.give(Buffer.from(path))).toBe(true);
    for (const path of paths.toReversed()) expect(queue.take()).toEqual(Buffer.from(path));
    expect(queue.take()).toBeUndefined();
    expect(queue.isFinished).toBe(true);
  });

  it("refuses what does not fit, and keeps what it has", () => {
    const queue = new DirectoryQueue(newDirectoryQueue(1));
    expect(queue.give(Buffer.alloc(1024 * 1024))).toBe(false);
    expect(queue.give(Buffer.from("/small"))).toBe(true);
    expect(queue.take()).toEqual(Buffer.from("/small"));
  });

  it("is low when there is less than the workers may soon take", () => {
    const queue = new DirectoryQueue(newDirectoryQueue(2));
    expect(queue.isLow).toBe(true);
    for (let count = 0; count < 4; count += 1) queue.give(Buffer.from("/x"));
    expect(queue.isLow).toBe(false);
  });

  it("ends for everybody when one says so", () => {
    const handle = newDirectoryQueue(3);
    new DirectoryQueue(handle).finish();
    expect(new DirectoryQueue(handle).take()).toBeUndefined();
  });
});
