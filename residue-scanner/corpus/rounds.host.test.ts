import { existsSync } from "node:fs";

import { expect, it, onTestFinished } from "vitest";

import { backgroundSections } from "./background.ts";
import { cleanUp } from "./clean-up.ts";
import type { CorpusSection } from "./item.ts";
import { plantSections } from "./plants.ts";
import { playRound } from "./rounds.ts";
import type { SectionResult } from "./table.ts";
import { drawVariables } from "./variables.ts";

const isRoot = process.geteuid?.() === 0;
const hasPerl = existsSync("/usr/bin/perl");

/** Harmless, quick, and possible in any container. */
const plantNames = ["file-in-tmp", "mode", "immutable", "p-cleared", "s-abstract", "shared-memory"];
const backgroundNames = ["b-log", "b-temporary-kept", "b-unix"];

function chosen(sections: readonly CorpusSection[], names: readonly string[]): CorpusSection[] {
  return sections.map(({ surface, items }) => ({ surface, items: items.filter(({ name }) => names.includes(name)) }));
}

function outcomes(sections: readonly SectionResult[]): Record<string, unknown> {
  const judgements = sections.flatMap((section) => section.judgements);
  return Object.fromEntries(
    judgements.map(({ item, outcome, found, attributedTo }) => [
      item.name,
      outcome.status === "done" ? { isFound: found.length > 0, attributedTo } : outcome,
    ]),
  );
}

it.skipIf(!isRoot || !hasPerl)(
  "what a job plants while somebody else is at work is found, and then undone (needs root and perl)",
  async () => {
    const variables = drawVariables();
    // Where the round itself was cut short.
    onTestFinished(async () => expect(await cleanUp(variables["W"] as string)).toEqual([]));
    const round = await playRound({
      plants: chosen(plantSections, plantNames),
      background: chosen(backgroundSections, backgroundNames),
      variables,
    });
    const planted = outcomes(round.plants);
    expect(Object.keys(planted).sort()).toEqual(plantNames.toSorted());
    for (const name of plantNames) {
      // A file system without flags, or a host without a command: said by name.
      if ((planted[name] as { status?: string }).status === "skipped") continue;
      expect(planted[name], name).toMatchObject({ isFound: true });
    }
    expect(planted["p-cleared"]).toMatchObject({ attributedTo: "job" });
    const done = outcomes(round.background);
    expect(Object.keys(done).sort()).toEqual(backgroundNames.toSorted());
    for (const name of backgroundNames) expect(done[name], name).not.toHaveProperty("status");
    // Without the kernel's events, or where some were lost, nobody can say whose the rest is, and the report says so.
    const sources = round.report.recorder ?? [];
    const isRecorded = sources.length > 0 && sources.every(({ status }) => status === "done" || status === "partial");
    const charged = (outcome: unknown) => (outcome as { attributedTo?: string | null }).attributedTo;
    for (const name of plantNames.filter((name) => isRecorded && charged(planted[name]) !== undefined))
      expect(charged(planted[name]), name).toBe("job");
    for (const name of backgroundNames.filter(() => isRecorded))
      expect([null, "background"], name).toContain(charged(done[name]));
    expect(round.left).toEqual([]);
    expect(existsSync(variables["W"] as string)).toBe(false);
  },
);
