/**
 * The exit codes of every program here (README.md, "Exit codes"). A caller may tell from the code alone
 * what kind of ending it was.
 */
export const ExitCode = {
  /** The thing asked for was done, or the verdict is pass. */
  pass: 0,
  /** The verdict is fail: an expectation was broken, or residue was found. */
  fail: 1,
  /** The verdict is unknown: evidence was lost, or a surface could not be seen where policy demands it. */
  unknown: 2,
  /** The harness could not undo something that it did; the message holds the command that finishes it. */
  notUndone: 3,
  /** The command line, the configuration or the environment does not allow what was asked; nothing was done. */
  usage: 64,
  /** A bug in the harness itself. */
  harnessBug: 70,
  /** The user interrupted; everything was undone first. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
