import { agentLimits } from "../core/limits.ts";

/** By what the owner wants the jobs to pause by themselves. */
export interface ActivityWish {
  /** Absolute paths of files, and of directories with all that is in them. */
  readonly touch: readonly string[];
  /** A share of all processors, from 0 to 1, that other programs take together; null for never. */
  readonly loadShare: number | null;
  /** Whether keyboards, mice and the like count. */
  readonly input: boolean;
  /** When the owner needs the machine: five fields of cron, or times of the day; see `cronPatterns`. */
  readonly schedules: readonly string[];
  /** For how long nothing may be noticed until the jobs go on, in seconds. */
  readonly quietS: number;
}

/** Whether anything is to be watched. */
export function isWished({ touch, loadShare, input, schedules }: ActivityWish): boolean {
  return touch.length > 0 || loadShare !== null || input || schedules.length > 0;
}

/** What a command line says of it; what it does not name stays as it was. */
export interface ActivityGiven {
  readonly touch?: readonly string[] | undefined;
  readonly loadShare?: number | undefined;
  readonly input?: boolean | undefined;
  readonly schedules?: readonly string[] | undefined;
  readonly quietS?: number | undefined;
  /** Whatever was wished before is forgotten. */
  readonly nothing?: boolean | undefined;
}

const none: ActivityWish = {
  touch: [],
  loadShare: null,
  input: false,
  schedules: [],
  quietS: agentLimits.quietMs / 1_000,
};

/** The triggers that are given take the place of all those of before; a quiet time alone leaves them. */
export function settledWish(given: ActivityGiven, before: ActivityWish = none): ActivityWish {
  const { touch, loadShare, input, schedules, nothing = false, quietS = before.quietS } = given;
  const isGiven = [touch, loadShare, input, schedules].some((trigger) => trigger !== undefined);
  if (!isGiven && !nothing) return { ...before, quietS };
  return {
    touch: touch ?? none.touch,
    loadShare: loadShare ?? none.loadShare,
    input: input ?? none.input,
    schedules: schedules ?? none.schedules,
    quietS,
  };
}
