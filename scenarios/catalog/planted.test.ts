import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";

import { jsonOf } from "../../foundation/testing/json-of.ts";
import type { Mutant } from "../zoo/mutant.ts";
import { catalog } from "./catalog.ts";
import { plantedDocument, plantedRow, withSimRows } from "./planted-document.ts";
import { scenarioOfBug } from "./planted-name.ts";
import { plantedNames, readPlanted } from "./read-planted.ts";

const hunter = fileURLToPath(new URL("testing/planted-process.ts", import.meta.url));

interface Caught {
  readonly caught: readonly { readonly scenario: string; readonly why: string }[];
  /** Files of the bug that no scenario made anybody load. */
  readonly unloaded: readonly string[];
}

/** Plays scenarios on an agent and a broker with the bug. */
async function catchersOf(mutant: Mutant, others: readonly string[]): Promise<Caught> {
  const runs = mkdtempSync(join(tmpdir(), "planted-"));
  onTestFinished(() => rmSync(runs, { recursive: true, force: true }));
  // A process, not a thread: V8 falls over threads that are ended while their WebAssembly is being compiled.
  const { stdout, stderr, exitCode } = await execa(process.execPath, [
    hunter,
    JSON.stringify({ mutant, runs, others }),
  ]);
  return jsonOf({ stdout, stderr, exitCode }) as Caught;
}

const all = catalog.map(({ name }) => name);
/** The others are played on a real host, by `npm run test:planted`. */
const names = catalog.filter(({ stages }) => stages.includes("sim")).map(({ name }) => name);
const bugs = plantedNames();
const read = await Promise.all(bugs.map(readPlanted));
const simBugs = read.filter((bug) => names.includes(scenarioOfBug(bug.name)) && bug.onHost !== true).map(nameOf);
const rows = new Map<string, string>();
/**
 * With how many others each bug is played: with all of them in the night, because that grows with the square of the
 * catalogue. For every change with those that follow it in the catalogue's order, so that each is played with as many
 * bugs.
 */
const othersMax = Number(process.env["HOUSEGUEST_PLANTED_OTHERS"] ?? 3);

function othersOf(name: string): string[] {
  const at = names.indexOf(name);
  return [...names.slice(at + 1), ...names.slice(0, at)].slice(0, othersMax);
}

function nameOf({ name }: Mutant): string {
  return name;
}

test("every scenario has its bug, and every bug its scenario", () => {
  expect(bugs.filter((bug) => scenarioOfBug(bug) === bug)).toEqual(all);
  expect(bugs.filter((bug) => !all.includes(scenarioOfBug(bug)))).toEqual([]);
});

test.each(simBugs)("%s is a bug that its scenario finds, and no other", async (bug) => {
  const mutant = await readPlanted(bug);
  const own = scenarioOfBug(bug);
  const { caught, unloaded } = await catchersOf(mutant, othersOf(own));
  const by = caught.map(({ scenario }) => scenario);
  expect({ name: mutant.name, unloaded, by }).toEqual({ name: bug, unloaded: [], by: [own] });
  rows.set(bug, plantedRow(mutant, caught[0]?.why));
});

test("docs/planted-bugs.md has the table of what the tests above found", async () => {
  await expect(
    withSimRows(
      plantedDocument(),
      simBugs.flatMap((bug) => rows.get(bug) ?? []),
    ),
  ).toMatchFileSnapshot("../../docs/planted-bugs.md");
});
