import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { patchSource } from "../../zoo/patch-source.ts";
import { filesOf } from "../../zoo/patch-modules.ts";
import { hostPart, plantedDocument } from "../planted-document.ts";
import { plantedNames, readPlanted } from "../read-planted.ts";
import { pairDigest, readPairRecords, recordedPairs, recordProblems, withPairRecord } from "./pair-records.ts";
import { allPairs, hostScenarios } from "./pairs.ts";

const all = await allPairs();
const records = readPairRecords();
const [pair] = all;
if (pair === undefined) throw new Error("there are no pairs");
const { mutant, scenario } = pair;

test("each bug for real hosts alone was found by its own scenario, as both are now, and by no other that was played", () => {
  expect(recordProblems(records, recordedPairs(records, all)), "npm run test:planted -- --update --stale").toEqual([]);
});

test("each scenario for real hosts alone has a bug of its name, and is played with the bugs of all others", async () => {
  const own = all.filter((one) => one.mutant.name === one.scenario.name);
  expect(own.map(({ scenario }) => scenario)).toEqual(hostScenarios);
  const bugs = new Set(all.map(({ mutant }) => mutant));
  const ofOthers = (await Promise.all(plantedNames().map(readPlanted))).filter(({ onHost }) => onHost === true);
  expect(all.length).toBe(bugs.size * hostScenarios.length + ofOthers.length);
});

test("docs/planted-bugs.md has the table of what is recorded", () => {
  expect(plantedDocument().endsWith(hostPart(all, records)), "npm run test:planted -- --update writes it").toBe(true);
});

test("what is recorded names no place of the machine on which it was played", () => {
  const places = /\/\S*\/(node_modules\/|bin\/[a-z-]+\.mjs|(scenarios|agent|broker-sim)\/\S+\.ts)/g;
  expect(JSON.stringify(records).match(places)).toBeNull();
  expect(plantedDocument().match(places)).toBeNull();
  const own = fileURLToPath(import.meta.url);
  const played = withPairRecord({}, all, pair, { says: `${own} was left` });
  expect(played[mutant.name]?.[scenario.name]?.says).toBe("scenarios/catalog/on-host/pair-records.test.ts was left");
});

test.each([...new Set(all.map(({ mutant }) => mutant))])("the bug $name fits the sources as they are", (mutant) => {
  for (const file of filesOf(mutant)) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
    expect(patchSource(source, { mutant, file })).not.toBe(source);
  }
});

test("a changed bug or scenario makes its pairs' records old", () => {
  const [patch] = mutant.patches;
  const otherBug = { mutant: { ...mutant, patches: [{ ...patch, replace: "// nothing" }] as const }, scenario };
  const otherTiming = { mutant, scenario: { ...scenario, timing: { ...scenario.timing, leaseTtlMs: 1 } } };
  const otherSteps = { mutant, scenario: { ...scenario, steps: () => [] } };
  const otherExpectations = { mutant, scenario: { ...scenario, expectations: () => [] } };
  const changed = [otherBug, otherTiming, otherSteps, otherExpectations];
  expect(new Set([pair, ...changed].map(pairDigest)).size).toBe(5);
  const played = withPairRecord({}, all, pair, { says: "found it" });
  expect(recordProblems(played, [pair])).toEqual([]);
  const where = `the bug ${mutant.name} in ${scenario.name}`;
  expect(changed.map((one) => recordProblems(played, [one]))).toEqual(
    changed.map(() => [`${where}: changed since it was played`]),
  );
});

test("other words for bug and scenario leave the records as good as they are", () => {
  const other = { mutant: { ...mutant, why: "" }, scenario: { ...scenario, title: "", description: "" } };
  expect(pairDigest(other)).toBe(pairDigest(pair));
});

test("a bug that its own scenario misses, or another's finds, is a problem, and so is one that was never played", () => {
  const [own, other] = [pair, all.find((one) => one.mutant === mutant && one.scenario !== scenario) ?? pair];
  const missed = withPairRecord({}, all, own, { says: null });
  const wrong = withPairRecord(missed, all, other, { says: "it ran on" });
  expect(recordProblems(wrong, [own, other])).toEqual([
    `the bug ${mutant.name} in ${own.scenario.name}: not found`,
    `the bug ${mutant.name} in ${other.scenario.name}: found, though it is another's: it ran on`,
  ]);
  expect(recordProblems({}, [own])).toEqual([`the bug ${mutant.name} in ${own.scenario.name}: never played`]);
});

test("what is recorded of a bug or a scenario that is no more goes with the next record", () => {
  const gone = { "no-bug": { [scenario.name]: { digest: "0", says: null } } };
  expect(Object.keys(withPairRecord(gone, all, pair, { says: "it" }))).toEqual([mutant.name]);
});
