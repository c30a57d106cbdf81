import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { cleanUp } from "./clean-up.ts";
import { UndoLedger } from "./undo/undo-ledger.ts";

function ledgerWith(deed: string): { ledger: UndoLedger; path: string } {
  const root = mkdtempSync(join(tmpdir(), "clean-up-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const ledger = UndoLedger.open(join(root, "undo.jsonl"));
  const path = join(root, deed);
  ledger.register({ undo: "remove-directory", path });
  mkdirSync(path);
  return { ledger, path };
}

const nothing = async (): Promise<void> => undefined;

it("undoes everything although what goes on beside the steps cannot be stopped", async () => {
  const { ledger, path } = ledgerWith("deed");
  const stuck = new Error("stuck");
  const { notUndone, errors } = await cleanUp({
    ...{ ledger, keep: nothing, stopWatching: nothing },
    stopSchedule: () => Promise.reject(stuck),
  });
  expect(existsSync(path)).toBe(false);
  expect({ notUndone, errors }).toEqual({ notUndone: [], errors: [stuck] });
});

it("undoes everything although what goes on beside the steps never gives up", async () => {
  const { ledger, path } = ledgerWith("deed");
  const { errors } = await cleanUp({
    ...{ ledger, keep: nothing, stopWatching: nothing, stopWithinMs: 1 },
    stopSchedule: () => new Promise(() => undefined),
  });
  expect(existsSync(path)).toBe(false);
  expect(String(errors[0])).toContain("did not give up");
});

it("tells everything that went wrong on the way, in its order", async () => {
  const { ledger } = ledgerWith("deed");
  const { errors } = await cleanUp({
    ledger,
    stopSchedule: () => Promise.reject(new Error("one")),
    keep: () => Promise.reject(new Error("two")),
    stopWatching: () => Promise.reject(new Error("three")),
  });
  expect(errors.map(String)).toEqual(["Error: one", "Error: two", "Error: three"]);
});
