import { askCalls } from "./ask-events.ts";
import type { Act } from "./recording.ts";

/** That a process took away, or elsewhere, what another one had just made: a spool's files are orders. */
export interface Taking {
  /** Serials. */
  readonly by: number;
  readonly taker: number;
  /** Wall times in ms. */
  readonly madeMs: number;
  readonly takenMs: number;
}

/** So many are kept: compilers take away what they had others make. */
const takingsMaxDefault = 50_000;
/** The same two in turn are told so often. */
const againMs = 100;

/** Who takes away whose files. */
export class Takings {
  readonly acts: Act[] = [];
  /** How many more there were: each may have been an order to a service, whose doing is then told as its own. */
  dropped = 0;
  private readonly noted = new Map<string, number>();
  private readonly retain: (serial: number) => void;
  private readonly takingsMax: number;

  /**
   * @param retain told of each process that is to be known afterwards
   * @param takingsMax the most that are kept; what comes beyond is counted in `dropped`
   */
  constructor(retain: (serial: number) => void, takingsMax = takingsMaxDefault) {
    this.retain = retain;
    this.takingsMax = takingsMax;
  }

  note({ by, taker, madeMs, takenMs }: Taking): void {
    const key = `${by} ${taker}`;
    const notedMs = this.noted.get(key);
    if (by === taker || (notedMs !== undefined && takenMs - notedMs < againMs)) return;
    if (this.acts.length >= this.takingsMax) {
      this.dropped += 1;
      return;
    }
    this.noted.set(key, takenMs);
    for (const serial of [by, taker]) this.retain(serial);
    const parameters = { asked: String(taker), madeMs: String(madeMs) };
    this.acts.push({ by, call: askCalls.taking, parameters, returned: null, atMs: takenMs });
  }
}
