import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { expect, it, onTestFinished, vi } from "vitest";

import { cleanUp } from "./clean-up.ts";

const isRoot = process.geteuid?.() === 0;
const hasPerl = existsSync("/usr/bin/perl");
const program = join(import.meta.dirname, "corpus.ts");
const parent = "/var/tmp";

function fields(): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith("houseguest-corpus-"))
    .map((name) => join(parent, name));
}

function runsBelow(directory: string): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`).startsWith(`${directory}/`);
    } catch {
      // It has ended, or is a thread of the kernel.
      return false;
    }
  });
}

it.skipIf(!isRoot || !hasPerl)(
  "a round that is killed is undone by another process (needs root and perl)",
  async () => {
    const before = new Set(fields());
    const items = ["file-in-tmp", "p-cleared", "immutable", "shared-memory"];
    const round = spawn(process.execPath, [program, "--beside", ...items], { stdio: "ignore" });
    const ended = once(round, "exit");
    onTestFinished(async () => {
      round.kill("SIGKILL");
      await ended;
      for (const field of fields().filter((path) => !before.has(path))) expect(await cleanUp(field)).toEqual([]);
    });
    const planted = await vi.waitUntil(
      () => {
        const [field] = fields().filter((path) => !before.has(path));
        const token = field?.slice(field.lastIndexOf("-") + 1);
        const isThere = field !== undefined && runsBelow(field).length > 0 && existsSync(`/tmp/hgp${token}-tmp`);
        return isThere ? { field, file: `/tmp/hgp${token}-tmp` } : null;
      },
      { timeout: 100_000, interval: 20 },
    );
    round.kill("SIGKILL");
    await ended;
    expect(readFileSync(planted.file, "utf8")).toBe("left\n");

    const cleaner = spawn(process.execPath, [program, "--clean"], { stdio: "ignore" });
    expect(await once(cleaner, "exit")).toEqual([0, null]);
    expect([existsSync(planted.file), existsSync(planted.field), runsBelow(planted.field)]).toEqual([false, false, []]);
  },
);
