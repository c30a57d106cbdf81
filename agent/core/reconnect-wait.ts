const mostMsMin = 250;
const mostMsMax = 60_000;

/**
 * How long the event stream waits before it connects again: drawn between half of a bound and the whole of it. The
 * bound doubles with each attempt that failed, from a quarter of a second to a minute.
 */
export function reconnectWait(failedAttempts: number): { readonly minMs: number; readonly maxMs: number } {
  const maxMs = Math.min(mostMsMax, mostMsMin * 2 ** Math.min(failedAttempts, 20));
  return { minMs: maxMs / 2, maxMs };
}
