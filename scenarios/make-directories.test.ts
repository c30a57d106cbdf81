import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { checkDirectory, makeDirectories } from "./make-directories.ts";
import type { DirectoriesTask } from "./testing/directories-worker.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "make-directories-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** Does one thing over and over in another thread, and gives the first error. */
async function overAndOver(does: DirectoriesTask["does"]): Promise<string> {
  return new Promise((resolve) => {
    const workerData: DirectoriesTask = { does, place };
    const worker = new Worker(new URL("testing/directories-worker.ts", import.meta.url), { workerData });
    worker.on("error", (error) => resolve(String(error)));
    worker.on("exit", () => resolve("no error"));
  });
}

describe("directories that several programs want", () => {
  it("can be looked at by several at once, and nothing is left", async () => {
    expect(await Promise.all([overAndOver("looks"), overAndOver("looks")])).toEqual(["no error", "no error"]);
    expect(readdirSync(place)).toEqual([]);
  });

  it("can be made by several at once", async () => {
    expect(await Promise.all([overAndOver("makes"), overAndOver("makes")])).toEqual(["no error", "no error"]);
  });

  it("are refused where the system refuses them", () => {
    expect(() => checkDirectory("/proc/nowhere")).toThrow(/ENOENT/);
    expect(() => checkDirectory("/etc/passwd")).toThrow("it is no folder");
    expect(() => makeDirectories("/proc/nowhere")).toThrow(/ENOENT/);
  });
});
