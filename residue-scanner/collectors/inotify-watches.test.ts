import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { watchFor } from "../testing/inotify.ts";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { type InotifyWatch, readInotifyWatches } from "./inotify-watches.ts";

describe.runIf(process.platform === "linux")("what is watched through a descriptor", () => {
  it("is read in turns, however much it is, and handed on one by one", () => {
    const directory = temporaryDirectory();
    const watched = Array.from({ length: 3_000 }, (_, index) => join(directory, String(index)));
    for (const path of watched) mkdirSync(path);
    const descriptor = watchFor(watched, 0x100);
    const files = new Set<string>();
    const takenAt: number[] = [];
    const take = ({ file }: InotifyWatch) => void files.add(file);
    const steps = readInotifyWatches(`/proc/self/fdinfo/${descriptor}`, take);
    for (let isDone = false; !isDone; takenAt.push(files.size)) isDone = steps.next().done === true;
    expect(files.size).toBe(watched.length);
    const atOnceMax = Math.max(...takenAt.map((taken, index) => taken - (takenAt[index - 1] ?? 0)));
    expect(atOnceMax).toBeLessThan(1_000);
  });

  it("is nothing where the descriptor is closed by now", () => {
    const steps = readInotifyWatches("/proc/self/fdinfo/999999", () => expect.unreachable());
    expect(steps.next().done).toBe(true);
  });
});
