import type { Pulse, TriggerOptions } from "../port.ts";

/** How long a test waits for a pulse, in milliseconds. */
const withinMs = 60_000;

/** What a trigger told, and a way to wait for more of it. */
export class HeardPulses {
  readonly pulses: Pulse[] = [];
  readonly cannot: string[] = [];
  #waiting: (() => void)[] = [];

  readonly onPulse = (pulse: Pulse): void => {
    this.pulses.push(pulse);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  };

  readonly onCannot = (sentence: string): void => void this.cannot.push(sentence);

  /** What a trigger is opened with, so that this hears it. */
  get options(): TriggerOptions {
    const { onPulse, onCannot } = this;
    return { onPulse, onCannot };
  }

  /** Resolves with the next pulse that comes of what is done. */
  async after(act: () => void): Promise<Pulse> {
    const count = this.pulses.length;
    const heard = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no pulse came")), withinMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    act();
    await heard;
    return this.pulses[count] as Pulse;
  }
}
