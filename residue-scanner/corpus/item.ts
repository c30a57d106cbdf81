/**
 * One thing that somebody does to the host, as data: a plant is what a job leaves in one way, a background activity is
 * what somebody else does meanwhile. The scripts are for sh(1), are read after shell/prelude.sh, and end at the first
 * command that fails; exit code 77 says that this host does not allow it.
 */
export interface CorpusItem {
  /** Unique; D in its scripts is a directory of this name, which is there at the baseline. */
  readonly name: string;
  /** What it is, in words. */
  readonly what: string;
  /** Takes a minute, because it waits for others; done only when it is asked for. */
  readonly slow?: true;
  /** Commands without which it cannot be done. */
  readonly needs?: readonly string[];
  /** Done before the baseline, by whoever runs the corpus: what the plant changes. */
  readonly before?: string;
  /** What the job, or somebody else, does after the baseline. */
  readonly act: string;
  /** For background activities: what they go on to do until the host has been read. */
  readonly steady?: string;
  /** Takes it away; does no harm where it was never done, or done in part. */
  readonly undo: string;
  /**
   * For background activities: why nothing can tell it from what the job does at the same time. A finding that calls it
   * shared is right then.
   */
  readonly sharedBecause?: string;
  /** Findings that tell it; one is enough. */
  readonly traces: readonly Trace[];
}

/** What a finding of an item looks like. Variables of the scripts may stand in it. */
export interface Trace {
  /** Stands in the finding's location, subject, id, owner or attributes, and no letter or digit follows. */
  readonly text: string;
  /** The scanner's name for the surface; default: any. */
  readonly surface?: string;
  /** Attributes that must be among those that changed. */
  readonly changed?: readonly string[];
  readonly change?: "appeared" | "vanished" | "changed";
}

/** Items that belong to one surface, which is a heading of the table. */
export interface CorpusSection {
  readonly surface: string;
  readonly items: readonly CorpusItem[];
}
