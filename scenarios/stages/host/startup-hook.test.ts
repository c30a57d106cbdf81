import { existsSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { hookOf } from "../../../agent/autostart/hook.ts";
import { FakeCrontab } from "../../../agent/autostart/testing/fake-crontab.ts";
import { temporaryDirectory } from "../../../agent/testing/temporary-home.ts";
import { performUndo } from "../../undo/perform-undo.ts";
import { UndoLedger } from "../../undo/undo-ledger.ts";
import type { HostStage } from "./host-stage.ts";
import { hasStartupHook, hookHere, seenHook } from "./startup-hook.ts";

/** The user's crontab(1) is the test's own. */
function ownCrontab(): FakeCrontab {
  const bed = new FakeCrontab();
  vi.stubEnv("PATH", `${bed.directory}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return bed;
}

/** A run's place, of which each has another, and what it is to undo. */
function openStage(): { readonly stage: HostStage; readonly ledger: UndoLedger; readonly place: string } {
  const directory = temporaryDirectory();
  const place = join(directory, "houseguest-01234567");
  const ledger = UndoLedger.open(join(directory, "undo.jsonl"));
  onTestFinished(() => ledger.close());
  return { stage: { place, options: { ledger } } as unknown as HostStage, ledger, place };
}

describe("the startup hook of an agent under test", () => {
  it.skipIf(!existsSync("/var/spool/cron/crontabs"))(
    "is the crontab where there is none, and is taken away whatever the agent does (skipped where there is no cron)",
    async () => {
      const bed = ownCrontab();
      const { stage, ledger, place } = openStage();
      const here = hookHere(stage);
      expect(here).toEqual({ options: ["--autostart", "crontab"], why: null });
      // Written down before the agent could write a line.
      expect(ledger.open).toEqual([{ undo: "clean-crontab", mark: "houseguest-01234567" }]);
      const home = join(place, "donor");
      await bed.make(hookOf({ home })).install();
      expect(seenHook(here, { name: "donor", home })).toBe("its line is in the crontab");
      expect(await ledger.undoAll()).toEqual([]);
      expect([hasStartupHook(home), bed.scan()]).toEqual([false, null]);
    },
  );

  it("is none where the user has a crontab, be it empty, and nothing is to be undone there", () => {
    const bed = ownCrontab();
    for (const theirs of ["", "0 5 * * * mine\n"]) {
      bed.table(Buffer.from(theirs));
      const { stage, ledger } = openStage();
      const here = hookHere(stage);
      expect(here).toEqual({ options: [], why: "This user has a crontab, and nothing is to change it." });
      expect(ledger.open).toEqual([]);
      expect(seenHook(here, { name: "donor", home: "/nowhere" })).toBe(
        "no startup hook, so nothing is proved of one: This user has a crontab, and nothing is to change it",
      );
      expect(bed.text()).toBe(theirs);
    }
  });

  it("is none where there is no crontab program", () => {
    vi.stubEnv("PATH", temporaryDirectory());
    onTestFinished(() => void vi.unstubAllEnvs());
    const { stage, ledger } = openStage();
    expect(hookHere(stage)).toMatchObject({ options: [], why: expect.stringMatching(/^There is no crontab/) });
    expect(ledger.open).toEqual([]);
  });

  it("is demanded of an agent that says it joined with it", () => {
    ownCrontab();
    const agent = { name: "donor", home: "/nowhere/donor" };
    const see = () => seenHook({ options: ["--autostart", "crontab"], why: null }, agent);
    expect(see).toThrow(expect.objectContaining({ name: "StepError", code: "no-startup-hook" }));
  });

  it("leaves the lines of another run's agent, and the crontab while they are in it", async () => {
    const bed = ownCrontab();
    const runs = ["houseguest-01234567", "houseguest-89abcdef"];
    for (const run of runs) await bed.make(hookOf({ home: `/tmp/${run}/donor` })).install();
    const undone = async (mark: string) => await performUndo({ undo: "clean-crontab", mark });
    expect(await undone(runs[0] ?? "")).toBeUndefined();
    expect(runs.map((run) => hasStartupHook(`/tmp/${run}/donor`))).toEqual([false, true]);
    expect(await undone(runs[1] ?? "")).toBeUndefined();
    expect(bed.scan()).toBeNull();
  });
});

describe("a line of the crontab that starts an agent", () => {
  // What a shell's words and crontab(5) make of a home: blanks, quotes, percent signs.
  const homes = ["donor", "a b", "it's", "100%", "ünï/日本"];
  it.each(homes)("is seen as the agent writes it, whatever its home is called: %s", async (name) => {
    const bed = ownCrontab();
    const home = join(temporaryDirectory(), name);
    expect(hasStartupHook(home)).toBe(false);
    const autostart = bed.make(hookOf({ home }));
    const resources = await autostart.resources();
    await autostart.install();
    // Nor is another's taken for it, whose home's name begins or goes on as this one's.
    const others = [`${home}-2`, home.slice(0, -1)];
    expect([home, ...others].map(hasStartupHook)).toEqual([true, false, false]);
    await autostart.remove(resources);
    expect(hasStartupHook(home)).toBe(false);
  });
});
