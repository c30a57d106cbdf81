/**
 * A scenario's jobs in two parts: those that an agent works on when it is paused, and one that is submitted during the
 * pause, however many slots there are. What nobody could take in proves nothing of a pause (checker `no-intake`).
 */
export function oneMeanwhile(jobs: number): { readonly before: number; readonly all: number } {
  const before = Math.max(1, jobs - 1);
  return { before, all: before + 1 };
}
