import { describe, expect, it } from "vitest";

import { catalog } from "../catalog/catalog.ts";
import { type Selection, selectScenarios } from "./select-scenarios.ts";

const selected = (selection: Partial<Selection>) =>
  selectScenarios({ words: [], ...selection }).map(({ name }) => name);
const names = catalog.map(({ name }) => name);
const [first] = names as [string];

describe("selectScenarios", () => {
  it("takes names and globs, each scenario once and in the list's order", () => {
    expect(selected({ words: ["rapid-*", first, "rapid-pause-resume"] })).toEqual([first, "rapid-pause-resume"]);
    expect(selected({ words: ["{rapid,owner}-*"] })).toEqual(names.filter((name) => /^(rapid|owner)-/.test(name)));
    expect(selected({ words: ["*"] })).toEqual(names);
    expect(selected({ words: ["all"] })).toEqual(names);
    expect(selected({ all: true })).toEqual(names);
  });

  it("looks for words in names, titles, tags and rows", () => {
    expect(selected({ grep: "@owner" })).toEqual(["owner-comes-back"]);
    expect(selected({ grep: "wc-9" })).toEqual(["rapid-pause-resume", "cpu-and-io-storm", "soak"]);
    expect(selected({ grep: "^rapid" })).toEqual(["rapid-pause-resume"]);
    expect(selected({ grep: "quiet time" })).toEqual(["owner-comes-back"]);
    const without = selected({ all: true, grepInvert: "@pause" });
    expect(without).not.toContain("rapid-pause-resume");
    expect([...without, ...selected({ grep: "@pause" })].toSorted()).toEqual(names.toSorted());
  });

  it("heeds capital letters where there are some", () => {
    expect(selected({ grep: "US-1" }).length).toBeGreaterThan(0);
    expect(() => selected({ grep: "RAPID" })).toThrow("No scenario is left by --grep RAPID.");
  });

  it.each([
    [{ words: ["withdraw-under-laod*"] }, "The nearest is withdraw-under-load."],
    [{ words: ["xyz*"] }, "`scenarios list` shows them all."],
    [{ words: ["withdraw-under-laod"] }, "Did you mean `scenarios run withdraw-under-load`?"],
    [{}, "Name some, or give --all or --grep; `scenarios list` shows them."],
    [{ grep: "(" }, "Escape what is meant literally with a backslash."],
  ])("refuses %j and says what to do", (selection, next) => {
    expect(() => selected(selection)).toThrow(expect.objectContaining({ exitCode: 64, next }));
  });
});
