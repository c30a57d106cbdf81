import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { runMarker } from "../../protocol/job-environment.ts";
import { markedProcesses } from "../stages/host/proc.ts";
import { UndoLedger } from "../undo/undo-ledger.ts";
import { FaultSpec, type FaultSpecOf } from "./fault-spec.ts";
import { missingFor } from "./fault-needs.ts";
import { FaultBench } from "./testing/fault-bench.ts";

describe.skipIf(missingFor("disturb-calls") !== null)("disturb-calls (needs strace)", () => {
  let bench: FaultBench;
  beforeEach(() => {
    bench = new FaultBench();
  });
  afterEach(async () => await bench.close());

  const failing: FaultSpecOf<"disturb-calls"> = {
    kind: "disturb-calls",
    process: "donor",
    calls: ["fsync"],
    error: "EIO",
  };
  /** Syncs a file without end, and says beside it what came of each. */
  const syncs = async (): Promise<{ pid: number; said: () => string[] }> => {
    const program = join(bench.place, "sync.mjs");
    const said = join(bench.place, "said");
    const lines = [
      `import { appendFileSync, fsync, fsyncSync, openSync } from "node:fs";`,
      `const file = openSync(${JSON.stringify(join(bench.place, "file"))}, "w");`,
      `const say = (word) => appendFileSync(${JSON.stringify(said)}, word + "\\n");`,
      `setInterval(() => { try { fsyncSync(file); say("ok"); } catch (error) { say(error.code); } }, 5);`,
      // In a thread of the pool as well.
      `setInterval(() => fsync(file, (error) => say(error?.code ?? "ok")), 5);`,
    ];
    writeFileSync(program, lines.join("\n"));
    writeFileSync(said, "");
    const pid = await bench.start(`exec '${process.execPath}' '${program}'`);
    await expect.poll(() => readFileSync(said, "utf8")).toContain("ok\nok\nok\nok");
    return { pid, said: () => readFileSync(said, "utf8").trim().split("\n") };
  };
  const waitFor = async (said: () => string[], word: string): Promise<void> => {
    const before = said().length;
    await expect
      .poll(() =>
        said()
          .slice(before + 4)
          .includes(word),
      )
      .toBe(true);
  };
  const tracerOf = (pid: number): string | undefined =>
    /^TracerPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];

  it("lets a real fsync fail with EIO, counts it, and lets the process go on when it is healed", async () => {
    const { pid, said } = await syncs();
    await bench.faults.apply(failing);
    await waitFor(said, "EIO");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "pass", detail: expect.stringMatching(/[1-9]\d* calls were hit/) });
    expect(tracerOf(pid)).toBe("0");
    await waitFor(said, "ok");
    expect(said().filter((word) => word !== "ok" && word !== "EIO")).toEqual([]);
  });

  it("delays them, from the so-many-th on", async () => {
    const { said } = await syncs();
    await bench.faults.apply({ kind: "disturb-calls", process: "donor", calls: ["fsync"], delayMs: 2, from: 3 });
    await expect
      .poll(async () => {
        await bench.faults.look();
        return bench.verdict.result;
      })
      .toBe("pass");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(said().every((word) => word === "ok")).toBe(true);
  });

  it("is unknown where no such call was made, also of another file", async () => {
    const { said } = await syncs();
    await bench.faults.apply({ ...failing, file: join(bench.place, "other") });
    await waitFor(said, "ok");
    await bench.faults.heal(undefined, { comesBack: true });
    expect(bench.verdict).toMatchObject({ result: "unknown", detail: expect.stringContaining("0 calls were hit") });
    expect(said().includes("EIO")).toBe(false);
  });

  it("is on the ledger before it is done, for whoever heals after the harness was killed", async () => {
    const { pid, said } = await syncs();
    await bench.faults.apply(failing);
    await waitFor(said, "EIO");
    const found = UndoLedger.open(bench.ledgerFile);
    expect(found.open).toMatchObject([{ undo: "remove-file" }, { undo: "kill-marked" }]);
    const [, action] = found.open;
    expect(await found.undoAll()).toEqual([]);
    found.close();
    expect(action?.undo === "kill-marked" ? markedProcesses(runMarker, action.run) : [action]).toEqual([]);
    expect(tracerOf(pid)).toBe("0");
    await waitFor(said, "ok");
  });

  it("says what strace says of a call that there is not", async () => {
    await syncs();
    await expect(bench.faults.apply({ ...failing, calls: ["fsink"] })).rejects.toThrow("fsink");
    expect(bench.ledger.open).toEqual([]);
  });
});

it("wants an error or a delay", () => {
  const nothing = FaultSpec.safeParse({ kind: "disturb-calls", process: "donor", calls: ["fsync"] });
  expect(nothing.error?.issues[0]?.message).toBe("an `error`, a `delayMs`, or both");
});
