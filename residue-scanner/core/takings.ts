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
const takingsMax = 50_000;
/** The same two in turn are told so often. */
const againMs = 100;

/** Who takes away whose files. */
export class Takings {
  readonly acts: Act[] = [];
  private readonly noted = new Map<string, number>();
  private readonly retain: (serial: number) => void;

  /** @param retain told of each process that is to be known afterwards */
  constructor(retain: (serial: number) => void) {
    this.retain = retain;
  }

  note({ by, taker, madeMs, takenMs }: Taking): void {
    const key = `${by} ${taker}`;
    const notedMs = this.noted.get(key);
    if (by === taker || this.acts.length >= takingsMax || (notedMs !== undefined && takenMs - notedMs < againMs))
      return;
    this.noted.set(key, takenMs);
    for (const serial of [by, taker]) this.retain(serial);
    const parameters = { asked: String(taker), madeMs: String(madeMs) };
    this.acts.push({ by, call: askCalls.taking, parameters, returned: null, atMs: takenMs });
  }
}
