/** Waits for the first of some signals, and for the second, which says that it takes too long. */
export function signalled<S extends NodeJS.Signals>(
  signals: readonly S[],
): { readonly signal: Promise<S>; readonly again: Promise<S>; readonly unlisten: () => void } {
  const first = Promise.withResolvers<S>();
  const second = Promise.withResolvers<S>();
  let heard = 0;
  const listeners = signals.map((signal) => ({
    signal,
    listener: () => {
      heard += 1;
      (heard === 1 ? first : second).resolve(signal);
    },
  }));
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return {
    signal: first.promise,
    again: second.promise,
    unlisten() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
