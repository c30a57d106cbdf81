import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

import { stateDiagrams, withStateDiagrams } from "./mermaid-states.ts";

describe("the diagrams of ARCHITECTURE.md", () => {
  test("are drawn from the tables as they are now (if not: npm run diagram)", () => {
    const document = readFileSync(resolve(import.meta.dirname, "../ARCHITECTURE.md"), "utf8");
    expect(withStateDiagrams(document)).toBe(document);
  });

  test("show the agent's table: every way between two states, and nothing that stays or is refused", () => {
    const arrows = (stateDiagrams["agent"] ?? "").split("\n").map((line) => line.trim());
    expect(arrows).toContain("Idle --> Working: workStarted");
    expect(arrows).toContain("Paused --> Working: resumeAsked [busy]");
    expect(arrows).toContain("Paused --> Idle: resumeAsked [free]");
    expect(arrows).toContain("Withdrawing --> Withdrawn: withdrawn");
    expect(arrows.filter((arrow) => arrow.startsWith("Withdrawn -->"))).toEqual(["Withdrawn --> [*]"]);
    expect(arrows.filter((arrow) => /^(\w+) --> \1\b/.test(arrow))).toEqual([]);
  });

  test("a document that has changed is seen, and one without markers is refused", () => {
    const document = readFileSync(resolve(import.meta.dirname, "../ARCHITECTURE.md"), "utf8");
    const stale = document.replace("Idle --> Working: workStarted", "Idle --> Paused: workStarted");
    expect(stale).not.toBe(document);
    expect(withStateDiagrams(stale)).toBe(document);
    expect(() => withStateDiagrams("no markers")).toThrow(/markers/);
  });
});
