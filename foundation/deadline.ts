/**
 * Waits for a promise no longer than a deadline. The loser's rejection is swallowed, never left unhandled.
 *
 * @returns the value, or `late` when the deadline passed first
 */
export async function withinDeadline<T, L>(work: Promise<T>, { ms, late }: { ms: number; late: L }): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), Math.max(0, ms));
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    // The work may still fail after the deadline; nobody waits for it any more.
    work.catch(() => undefined);
  }
}
