import type { Act } from "./recording.ts";

/** What processes did, up to a limit. */
export class KeptActs {
  readonly acts: Act[] = [];
  /** How many more there were. */
  dropped = 0;
  private readonly retain: (serial: number) => void;
  private readonly actsMax: number;

  /**
   * @param retain told of each process that is to be known afterwards
   * @param actsMax the most that are kept; what comes beyond is counted in `dropped`
   */
  constructor(retain: (serial: number) => void, actsMax: number) {
    this.retain = retain;
    this.actsMax = actsMax;
  }

  add(act: Act): void {
    if (this.acts.length >= this.actsMax) {
      this.dropped += 1;
      return;
    }
    const { asked, serial } = act.parameters;
    // Also whom it was done to, by a request or a signal: what that one does or did is told by its own serial.
    for (const one of [act.by, asked, serial]) if (one !== undefined) this.retain(Number(one));
    this.acts.push(act);
  }
}
