/**
 * Which scenario a planted bug is for, by the name of its file: `SCENARIO`, or `SCENARIO--WHAT` where a scenario has a
 * further one for another part of what it proves.
 */
export function scenarioOfBug(bug: string): string {
  return bug.split("--")[0] ?? bug;
}
