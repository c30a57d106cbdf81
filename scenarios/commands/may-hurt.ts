import { createInterface } from "node:readline/promises";

import { UsageError } from "../../foundation/errors.ts";
import type { Skipped } from "../../protocol/suite.ts";
import type { Scenario } from "../steps/scenario.ts";

type Hurting = Pick<Scenario, "name" | "hurts">;

export interface Consent {
  /** Why a scenario is not run; null where it may be. */
  readonly refused: (scenario: Hurting) => Skipped | null;
}

/** Somebody at a terminal, who can be asked; null where nobody is. */
export type Ask = ((question: string) => Promise<string>) | null;

/** Asks on stderr, because stdout may be somebody else's to read. */
export function terminalAsk(): Ask {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(question);
    } finally {
      terminal.close();
    }
  };
}

/**
 * What may hurt whoever else uses this machine runs only where somebody says so: with --yes, or at the terminal. What was
 * named and may not run is refused, before anything is done; what was meant by a pattern is skipped.
 *
 * @param named the scenarios that were meant by their names
 * @throws UsageError `may-hurt`
 */
export async function consentTo(
  scenarios: readonly Hurting[],
  { yes, named, ask }: { readonly yes: boolean; readonly named: readonly string[]; readonly ask: Ask },
): Promise<Consent> {
  const hurting = scenarios.filter(({ hurts }) => hurts !== undefined);
  if (hurting.length === 0 || yes || (ask !== null && (await isWanted(hurting, ask)))) return { refused: () => null };
  const [refused] = hurting.filter(({ name }) => named.includes(name));
  if (refused !== undefined) {
    throw new UsageError(`${refused.name} may hurt whoever else uses this machine: ${refused.hurts}`, {
      code: "may-hurt",
      next: "Say that it may with --yes, or run it in virtual time with --stage sim.",
    });
  }
  return {
    refused: ({ hurts }) =>
      hurts === undefined
        ? null
        : { why: `It may hurt whoever else uses this machine: ${hurts}`, remedy: "Say that it may with --yes." },
  };
}

async function isWanted(hurting: readonly Hurting[], ask: NonNullable<Ask>): Promise<boolean> {
  const lines = hurting.map(({ name, hurts }) => `  ${name}: ${hurts}\n`).join("");
  const answer = await ask(`These may hurt whoever else uses this machine:\n${lines}Run them? [y/N] `);
  return /^\s*y(es)?\s*$/i.test(answer);
}
