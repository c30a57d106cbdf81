import type { Member } from "./lineage-member.ts";

/** What an event says of when it happened. */
export interface ActorClues {
  /** Whether a file was opened to be run: whoever did so ran a program afterwards. */
  readonly isToRun: boolean;
  /** A monotonic time before which it did not happen; null where nothing tells. */
  readonly notBeforeNs: () => number | null;
}

/** Of those who had a pid one after the other, the first one that still ran. */
export function firstSince(latest: Member, sinceNs: number): Member {
  let member = latest;
  while (member.previous !== null && (member.previous.toNs ?? member.fromNs) >= sinceNs) member = member.previous;
  return member;
}

/** From `from` on, the first one that ran a program since; `from` where none did. */
export function firstRunning(latest: Member, { from, sinceNs }: { from: Member; sinceNs: number }): Member {
  let found = from;
  for (let member: Member | null = latest; member !== null; member = member === from ? null : member.previous)
    if (member.ranNs !== null && member.ranNs >= sinceNs) found = member;
  return found;
}

/** Where whoever of them it was is the same side's, there is no doubt: where pids are few and a build forks, that is the rule. */
export function isDoubtful(member: Member, latest: Member): boolean {
  return member !== latest && beginningOf(member) !== beginningOf(latest);
}

/** The first that came of all from whom a process comes: what it began is all the run's, or all somebody else's. */
function beginningOf(member: Member): Member {
  let at = member;
  while (at.parent !== null && !at.parent.isOlder) at = at.parent;
  return at;
}
