import { Option } from "commander";

import { UsageError } from "../../foundation/errors.ts";

export interface PatienceOption {
  readonly wait?: boolean;
  /** In seconds. */
  readonly patience?: number;
}

/** For how long `--wait` goes on asking a broker that does not answer, in seconds. */
const patienceS = 300;
const patienceSMax = 86_400;

/** For a command that has a `--wait`: for how long that bears a broker which does not answer. */
export function patienceOption(): Option {
  const about = `--wait: how long a broker may not answer before it is given up (default: ${patienceS})`;
  return new Option("--patience <seconds>", about).argParser(readSeconds);
}

/**
 * In milliseconds.
 *
 * @throws UsageError where there is nothing to wait for
 */
export function patienceMsOf({ wait, patience }: PatienceOption): number {
  if (patience === undefined || wait === true) return (patience ?? patienceS) * 1_000;
  throw new UsageError("--patience has no meaning without --wait.", {
    code: "usage",
    next: "Add --wait, or leave it out.",
  });
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,5}$/.test(text) && seconds <= patienceSMax) return seconds;
  throw new UsageError(`${text} is no number of seconds.`, {
    code: "usage",
    next: `Give --patience a whole number from 0 to ${patienceSMax}.`,
  });
}
