/** One way in which the cores, or the modelled hosts of the simulator, could be wrong. Data only: one file per mutant. */
export interface Mutant {
  /** The name of its file. */
  readonly name: string;
  /** What it breaks, by its name in docs/requirements.md; who finds it may be another property that follows from it. */
  readonly breaks: Invariant;
  /** How such a bug comes about, in a sentence. */
  readonly why: string;
  readonly patches: readonly [Patch, ...Patch[]];
  /** What the seeds that look for it are run with; `quick` unless a short life never gets there. */
  readonly profile?: "quick" | "swarm";
}

/** A piece of one source file, and what stands there instead. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const invariants = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I9",
  "I10",
  "I11",
  "L1",
  "L2",
  "L3",
  "L4",
  "WC-1",
  "EG-1",
] as const;
export type Invariant = (typeof invariants)[number];
