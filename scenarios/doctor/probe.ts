/** What a trial of something on this machine came to. */
export interface Trial {
  readonly status: ProbeStatus;
  /** What was seen, with figures, or why it does not work. */
  readonly detail: string;
}

/** `part`: it works, and not as well as it could. */
export type ProbeStatus = "ok" | "part" | "no";

/** Something that scenarios need or can use, tried and not only looked for. */
export interface Probe {
  readonly name: string;
  /** Who needs it, or what is lost without it, as one line. */
  readonly for: string;
  /** Leaves nothing on the host, whatever it comes to. */
  readonly attempt: () => Promise<Trial>;
  /** The command, or the sentence, that would make it possible. */
  readonly remedy: (trial: Trial) => string;
}

/** What was tried, as it is told. */
export interface Probed extends Trial {
  readonly name: string;
  readonly for: string;
  /** Empty where nothing is missing. */
  readonly remedy: string;
}

/** Tries all, side by side. A probe that fails itself is one that did not work. */
export async function probeAll(probes: readonly Probe[]): Promise<Probed[]> {
  return await Promise.all(
    probes.map(async ({ name, for: use, attempt, remedy }) => {
      const trial = await attempt().catch((error: unknown): Trial => ({ status: "no", detail: String(error) }));
      return { name, for: use, ...trial, remedy: trial.status === "ok" ? "" : remedy(trial) };
    }),
  );
}
