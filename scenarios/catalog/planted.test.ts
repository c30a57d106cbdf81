import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";

import type { Mutant } from "../zoo/mutant.ts";
import { catalog } from "./catalog.ts";
import { hostRows, plantedDocument, plantedRow, withSimRows } from "./planted-document.ts";

const directory = new URL("planted/", import.meta.url);
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
  const { stdout } = await execa(process.execPath, [hunter, JSON.stringify({ mutant, runs, others })]);
  return JSON.parse(stdout) as Caught;
}

const all = catalog.map(({ name }) => name);
/** The others are played on a real host, by `npm run test:planted`. */
const names = catalog.filter(({ stages }) => stages.includes("sim")).map(({ name }) => name);
const rows = new Map<string, string>();
/**
 * With how many others each bug is played: with all of them in the night, because that grows with the square of the
 * catalogue. For every change with those that follow it in the catalogue's order, so that each is played with as many bugs.
 */
const othersMax = Number(process.env["HOUSEGUEST_PLANTED_OTHERS"] ?? 6);

function othersOf(name: string): string[] {
  const at = names.indexOf(name);
  return [...names.slice(at + 1), ...names.slice(0, at)].slice(0, othersMax);
}

test("every scenario has its bug, and every bug its scenario", () => {
  expect(readdirSync(directory).toSorted()).toEqual(all.map((name) => `${name}.ts`).toSorted());
});

test.each(names)("%s is failed by a bug that no other scenario finds", async (name) => {
  const { default: mutant } = (await import(new URL(`${name}.ts`, directory).href)) as { default: Mutant };
  const { caught, unloaded } = await catchersOf(mutant, othersOf(name));
  expect({ unloaded, by: caught.map(({ scenario }) => scenario) }).toEqual({ unloaded: [], by: [name] });
  rows.set(name, plantedRow(mutant, caught[0]?.why));
});

test("docs/planted-bugs.md has the table of what the tests above found", async () => {
  await expect(
    withSimRows(
      plantedDocument(),
      names.flatMap((name) => rows.get(name) ?? []),
    ),
  ).toMatchFileSnapshot("../../docs/planted-bugs.md");
});

test("each scenario that is for real hosts alone has its row too, written by `npm run test:planted`", () => {
  const others = all.filter((name) => !names.includes(name));
  expect(hostRows(plantedDocument()).map((row) => /`([^`]+)`/.exec(row)?.[1])).toEqual(others);
});
