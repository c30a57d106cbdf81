/** Waits for the first of some signals; further ones change nothing while the program ends. */
export function signalled<S extends NodeJS.Signals>(
  signals: readonly S[],
): { readonly signal: Promise<S>; readonly unlisten: () => void } {
  const { promise, resolve } = Promise.withResolvers<S>();
  const listeners = signals.map((signal) => ({ signal, listener: () => resolve(signal) }));
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return {
    signal: promise,
    unlisten() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
