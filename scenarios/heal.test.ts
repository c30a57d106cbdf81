import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { present } from "../foundation/assert.ts";
import { healCommand } from "./commands/heal-command.ts";
import { heal, undoRun } from "./heal.ts";
import { createRunDirectory, ownerOf, type RunDirectory } from "./run-directory.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";

let root: string;
let run: RunDirectory;
let left: string;

/** A run of this very process, which lives, with one deed that is not undone. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "heal-"));
  run = createRunDirectory(root, "a-scenario", new Date());
  left = join(root, "left");
  const ledger = UndoLedger.open(run.undo);
  ledger.register({ undo: "remove-directory", path: left });
  mkdirSync(left);
  ledger.close();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("leaves a run alone that is at work, and says so", async () => {
  expect(await heal(root)).toEqual({ healed: [], running: [run.run], watched: [] });
  expect(existsSync(left)).toBe(true);
});

it("undoes what a run could not, though its command goes on with others", async () => {
  writeFileSync(run.verdict, "{}");
  expect(await heal(root)).toMatchObject({ healed: [{ run: run.run, notUndone: [] }], running: [] });
  expect(existsSync(left)).toBe(false);
});

it("is not told that all is well where a run is named instead of the folder that holds it", async () => {
  await expect(healCommand({ runs: run.path })).rejects.toThrow("is a run itself");
});

it("names the tracing instance of its recorder that could not be removed, and nobody else's", async () => {
  const { pid, startTime } = present(ownerOf(run), "the run's owner");
  const own = `houseguest-${pid}-${startTime}-0`;
  const why = "somebody holds it open";
  const healed = await undoRun(run, "heal", {
    removed: [],
    left: [own, "houseguest-1-1-0"].map((name) => ({ name, why })),
  });
  expect(healed?.notUndone).toMatchObject([{ what: `the tracing instance ${own}`, why }]);
});
