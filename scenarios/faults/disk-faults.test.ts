import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { performUndo } from "../undo/perform-undo.ts";
import { diskMissing } from "./fault-needs.ts";
import { mountOwnDisk } from "./own-disk.ts";
import { FaultBench } from "./testing/fault-bench.ts";

const isRoot = process.getuid?.() === 0;
let bench: FaultBench;
beforeEach(async () => {
  bench = new FaultBench();
  await bench.start("exec sleep 600");
});
afterEach(async () => await bench.close());

describe.skipIf(diskMissing() !== null)("fill-disk (as root)", () => {
  it("lets a real write fail with ENOSPC, and gives the room back", async () => {
    const disk = join(bench.place, "disk");
    const home = join(disk, "home");
    const full = new FaultBench({
      home: () => ({ path: home, disk }),
      processes: () => ({ target: "donor", role: "agent", processes: [] }),
    });
    bench.ledger.register({ undo: "unmount", path: disk });
    try {
      mkdirSync(disk);
      await mountOwnDisk(disk, 1);
      mkdirSync(home);
      await full.faults.apply({ kind: "fill-disk", agent: "donor" });
      expect(() => writeFileSync(join(home, "checkpoint"), "x".repeat(8_192))).toThrow("ENOSPC");
      await full.faults.heal(undefined, { comesBack: true });
      writeFileSync(join(home, "checkpoint"), "x".repeat(8_192));
      expect(full.verdict).toMatchObject({ result: "pass", detail: "fill-disk on donor: a write ended with ENOSPC" });
    } finally {
      await full.close();
    }
    expect(await bench.ledger.undoAll()).toEqual([]);
    expect([existsSync(disk), readFileSync("/proc/self/mounts", "utf8").includes(disk)]).toEqual([false, false]);
  });

  it("says how an agent gets a disk, where it has none", async () => {
    await expect(bench.faults.apply({ kind: "fill-disk", agent: "donor" })).rejects.toThrow("no disk of its own");
  });
});

describe.skipIf(!isRoot)("lock-home (as root)", () => {
  it("lets nothing be made there until it is healed, also by whoever comes after a killed harness", async () => {
    const home = join(bench.place, "home");
    mkdirSync(join(home, "checkpoints"), { recursive: true });
    writeFileSync(join(home, "journal"), "");
    await bench.faults.apply({ kind: "lock-home", agent: "donor" });
    const change = (): void => writeFileSync(join(home, "checkpoints", "one"), "");
    expect(change).toThrow("EPERM");
    expect(() => writeFileSync(join(home, "journal"), "x")).toThrow("EPERM");
    const [action] = bench.ledger.open;
    expect(action === undefined ? "" : await performUndo(action)).toBeUndefined();
    change();
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringContaining("EPERM") });
  });
});
