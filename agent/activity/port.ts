/** What the owner does at this host, as one trigger noticed it. */
export interface Pulse {
  /** In words: `files: /home/me/project`, `load: 62 % of the processors`. Never what was typed, nor a file's content. */
  readonly what: string;
  /** How long ago the host knew of it, in milliseconds. */
  readonly ageMs: number;
}

/**
 * One way to notice the owner. It pulses for as long as the owner is active, and is silent otherwise. Nothing of it
 * keeps the process alive.
 */
export interface ActivityTrigger {
  /** Takes everything back that it holds of the host; nothing pulses afterwards. */
  close(): Promise<void>;
}

/** What a trigger is opened with. */
export interface TriggerOptions {
  readonly onPulse: (pulse: Pulse) => void;
  /** Told, as a sentence for the owner, what it cannot notice on this host, then or later. */
  readonly onCannot: (sentence: string) => void;
}
