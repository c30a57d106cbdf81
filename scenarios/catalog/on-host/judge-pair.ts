/** What one play of a scenario with a bug, or of the same scenario without, came to. */
export type Play =
  | { readonly came: "passed" }
  /** The scenario has something against agent, broker or job; `isFail` unless it could not tell. */
  | { readonly came: "complained"; readonly says: string; readonly isFail: boolean }
  /** Nothing that is said of the bug: the harness itself did not come through. */
  | { readonly came: "spoilt"; readonly why: string };

/** What one play with the bug says of it, after a complaint together with the play without it that followed at once. */
export type Round = "passed" | "found" | "spoilt";

export interface PairVerdict {
  readonly result: "found" | "not-found" | "undecided";
  /** The first complaint that was the bug's; of an undecided pair, why its last round says nothing. */
  readonly says: string | null;
  readonly rounds: readonly Round[];
}

interface PairPlays {
  /** Whether it is the bug's own scenario, which is to find it. */
  readonly isOwn: boolean;
  readonly withBug: () => Promise<Play>;
  /** The same scenario as it should be, under the conditions of the moment. */
  readonly withoutBug: () => Promise<Play>;
}

/** How many rounds one pair may take. */
export const roundsMax = 5;

/**
 * Whether a scenario finds a bug, on a host that has other things to do too.
 *
 * A scenario that complains has found the bug only if it passes without it right afterwards: load, or what somebody else
 * left, spoils both. What is not expected must be seen twice, with more rounds for it than against it: that a scenario
 * finds another's bug, and that it misses its own. A scenario that merely cannot tell has not found its own bug.
 */
export async function judgePair({ isOwn, withBug, withoutBug }: PairPlays): Promise<PairVerdict> {
  const expected = isOwn ? "found" : "passed";
  const rounds: Round[] = [];
  let says: string | null = null;
  let spoilt = "nothing was played";
  while (rounds.length < roundsMax) {
    const round = await playRound();
    rounds.push(round);
    const counts = { passed: countOf(rounds, "passed"), found: countOf(rounds, "found") };
    const surprising = counts[isOwn ? "passed" : "found"];
    if (round !== "spoilt" && counts[round] >= (surprising === 0 && round === expected ? 1 : 2)) {
      return round === "found" ? { result: "found", says, rounds } : { result: "not-found", says: null, rounds };
    }
  }
  return { result: "undecided", says: spoilt, rounds };

  async function playRound(): Promise<Round> {
    const play = await withBug();
    if (play.came === "passed") return "passed";
    if (play.came === "spoilt" || (isOwn && !play.isFail)) {
      spoilt = play.came === "spoilt" ? play.why : `cannot tell: ${play.says}`;
      return "spoilt";
    }
    const control = await withoutBug();
    if (control.came === "passed") {
      says ??= play.says;
      return "found";
    }
    spoilt = `without the bug: ${control.came === "spoilt" ? control.why : control.says}`;
    return "spoilt";
  }
}

function countOf(rounds: readonly Round[], which: Round): number {
  return rounds.filter((round) => round === which).length;
}
