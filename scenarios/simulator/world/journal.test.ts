import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";

import mutant from "../../zoo/mutants/journal-not-synced.ts";
import { patchSource } from "../../zoo/patch-source.ts";
import { Journal } from "./journal.ts";

const contents = (journal: Journal): object => ({ resources: [...journal.resources].sort(), notes: journal.notes("") });

/** Does what a number says to the journal: takes or strikes off a resource, or writes a note. */
function change(journal: Journal, step: number): void {
  const name = `directory:/${step % 4}`;
  if (step % 3 === 0) journal.acquire(name);
  else if (step % 3 === 1 && journal.holds(name)) journal.release(name);
  else journal.remember(`lease:${step % 4}`, step % 5 === 0 ? null : { epoch: step });
}

const steps = fc.array(fc.nat({ max: 59 }), { maxLength: 40 });

describe("a journal", () => {
  test("holds what was acquired and not released, and the last value of each note", () => {
    const journal = new Journal();
    journal.acquire("directory:/a");
    journal.acquire("directory:/b");
    journal.release("directory:/a");
    journal.remember("lease:2", { epoch: 1 });
    journal.remember("lease:1", { epoch: 1 });
    journal.remember("lease:1", { epoch: 2 });
    journal.remember("pause", { by: "owner" });
    journal.remember("pause", null);
    journal.remember("withdrawal", null);
    expect([...journal.resources]).toEqual(["directory:/b"]);
    expect([journal.holds("directory:/a"), journal.holds("directory:/b")]).toEqual([false, true]);
    expect(journal.notes("lease:")).toEqual([
      { key: "lease:1", value: { epoch: 2 } },
      { key: "lease:2", value: { epoch: 1 } },
    ]);
    expect([journal.note("pause"), journal.note("withdrawal"), journal.note("lease:1")]).toEqual([
      null,
      null,
      { epoch: 2 },
    ]);
  });

  test("takes the release of what it does not hold for an error of ours", () => {
    expect(() => new Journal().release("directory:/a")).toThrow(/Broken invariant/);
  });

  test("keeps every line when the power fails, because each is synced", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const journal = new Journal();
        for (const step of all) change(journal, step);
        const before = contents(journal);
        journal.losePower((unsynced) => unsynced);
        expect(contents(journal)).toEqual(before);
      }),
    );
  });

  test("holds nothing after its file was deleted", () => {
    const journal = new Journal();
    journal.acquire("directory:/a");
    journal.remember("pause", { by: "owner" });
    journal.clear();
    journal.losePower((unsynced) => unsynced);
    expect(contents(journal)).toEqual({ resources: [], notes: [] });
  });
});

describe("a journal that is not synced", () => {
  test("loses its last lines with the power, and none before them", async () => {
    const UnsyncedJournal = await unsyncedJournal();
    fc.assert(
      fc.property(steps, fc.nat({ max: 40 }), (all, wanted) => {
        const journal = new UnsyncedJournal();
        const states = [contents(journal)];
        for (const step of all) {
          const linesBefore = journal.unsynced();
          change(journal, step);
          if (journal.unsynced() > linesBefore) states.push(contents(journal));
        }
        const lost = Math.min(wanted, states.length - 1);
        journal.losePower((unsynced) => {
          expect(unsynced).toBe(states.length - 1);
          return lost;
        });
        expect(contents(journal)).toEqual(states[states.length - 1 - lost]);
        // What is left is on the disk now.
        journal.losePower((unsynced) => unsynced);
        expect(contents(journal)).toEqual(states[states.length - 1 - lost]);
      }),
    );
  });
});

/** The journal as the mutant has it, which syncs only now and then; it tells how many of its lines are not synced. */
async function unsyncedJournal(): Promise<new () => Journal & { unsynced(): number }> {
  const file = "scenarios/simulator/world/journal.ts";
  const root = new URL("../../../", import.meta.url);
  const patched = patchSource(readFileSync(new URL(file, root), "utf8"), { mutant, file })
    .replace("../../../foundation/", new URL("foundation/", root).pathname)
    .replace(
      "  #sync(): void {",
      "  unsynced(): number {\n    return this.#unsynced.length;\n  }\n\n  #sync(): void {",
    );
  const directory = mkdtempSync(join(tmpdir(), "houseguest-journal-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "journal.ts");
  writeFileSync(path, patched);
  const loaded = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
    Journal: Awaited<ReturnType<typeof unsyncedJournal>>;
  };
  return loaded.Journal;
}
