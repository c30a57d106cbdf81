/** Pressure while a withdrawal runs: so many small jobs every so often. */
export const withdrawalLoad = { jobs: 2, everyMs: 50, units: 2, unitCpuMs: 5, children: 0 } as const;

/** An agent may take its deadline and this much more, in milliseconds, before it is given up. */
export const withdrawalGraceMs = 10_000;
