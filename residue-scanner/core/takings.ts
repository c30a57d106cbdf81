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

/** So many are kept of either side: compilers take away what they had others make. */
const takingsMaxDefault = 50_000;
/** The same two in turn are told so often. */
const againMs = 100;

export interface TakingsOptions {
  /** The most that are kept of the run's makers, and of others'. */
  readonly takingsMax?: number | undefined;
  /** Whether a process comes from the run; absent: each may. */
  readonly isOfRun?: ((serial: number) => boolean) | undefined;
}

/** Who takes away whose files. What others make for each other fills no place of the run's, and is no loss. */
export class Takings {
  /** How many of the run's more there were: each may have been an order to a service, whose doing is then told as its own. */
  dropped = 0;
  private readonly noted = new Map<string, number>();
  private readonly ours: Act[] = [];
  private readonly others: Act[] = [];
  private readonly retain: (serial: number) => void;
  private readonly takingsMax: number;
  private readonly isOfRun: (serial: number) => boolean;

  /** @param retain told of each process that is to be known afterwards */
  constructor(
    retain: (serial: number) => void,
    { takingsMax = takingsMaxDefault, isOfRun = () => true }: TakingsOptions = {},
  ) {
    this.retain = retain;
    this.takingsMax = takingsMax;
    this.isOfRun = isOfRun;
  }

  get acts(): readonly Act[] {
    return [...this.ours, ...this.others];
  }

  note({ by, taker, madeMs, takenMs }: Taking): void {
    const key = `${by} ${taker}`;
    const notedMs = this.noted.get(key);
    if (by === taker || (notedMs !== undefined && takenMs - notedMs < againMs)) return;
    const isOurs = this.isOfRun(by);
    const acts = isOurs ? this.ours : this.others;
    if (acts.length >= this.takingsMax) {
      if (isOurs) this.dropped += 1;
      return;
    }
    this.noted.set(key, takenMs);
    for (const serial of [by, taker]) this.retain(serial);
    const parameters = { asked: String(taker), madeMs: String(madeMs) };
    acts.push({ by, call: askCalls.taking, parameters, returned: null, atMs: takenMs });
  }
}
