import type { ChoiceStream } from "../kernel/choices.ts";
import type { PlanStepOf } from "../plan/plan.ts";
import { EventDisorder } from "./event-disorder.ts";
import { durationMs, type World } from "./world.ts";

export type Direction = "to-broker" | "to-agent";
export type Disturbance = Pick<PlanStepOf<"disturb-link">, "direction" | "how" | "slowMs">;

/** What became of one message on its way. */
export interface Passage {
  /** `lost`: nobody hears of it. `reset`: the sender is told at once that the connection broke. */
  fate: "arrives" | "lost" | "reset";
  delayMs: number;
  /** It arrives once more, so much later than the first time; null for no more than once. */
  againAfterMs: number | null;
}

/** How much a slow link adds to the way, and how far a reordering one spreads messages, in milliseconds. */
const slowMsMax = 20_000;
const reorderMsMax = 2_000;

/** One message at a time is on its way through `pass`, so one answer is enough for all links. */
const passage: Passage = { fate: "arrives", delayMs: 0, againAfterMs: null };

/** The way between one host and the broker; each direction fails by itself (docs/cases.md, case 3). */
export class Link {
  readonly #world: World;
  readonly #stream: ChoiceStream;
  #disturbances: Disturbance[] | null = null;
  /** What the broker does to the events of this host's agent before they are sent. */
  readonly events: EventDisorder;
  /** How many messages a disturbance has hit. */
  spoiled = 0;

  constructor(world: World, stream: ChoiceStream) {
    this.#world = world;
    this.#stream = stream;
    this.events = new EventDisorder(stream);
  }

  /** @returns ends it */
  disturb(disturbance: Disturbance): () => void {
    const list = (this.#disturbances ??= []);
    list.push(disturbance);
    return () => {
      const index = list.indexOf(disturbance);
      if (index >= 0) list.splice(index, 1);
    };
  }

  /** What becomes of a message that is sent now. The result is overwritten by the next one. */
  pass(direction: Direction): Passage {
    const { latencyMsMin: minMs, latencyMsMax: maxMs } = this.#world.options;
    passage.fate = "arrives";
    passage.delayMs = durationMs(this.#stream, "latency", { minMs, maxMs });
    passage.againAfterMs = null;
    if (this.#disturbances !== null) {
      for (const one of this.#disturbances) if (concerns(one, direction)) this.#spoil(passage, one);
    }
    return passage;
  }

  #spoil(passage: Passage, { how, slowMs }: Disturbance): void {
    const stream = this.#stream;
    this.spoiled += 1;
    if (how === "cut") passage.fate = "lost";
    else if (how === "reset") passage.fate = "reset";
    else if (how === "lossy") {
      if (stream.chance("loss", 0.5)) passage.fate = "lost";
    } else if (how === "slow") {
      passage.delayMs += (slowMs?.min ?? 0) + stream.upTo("slow", slowMs?.jitter ?? slowMsMax);
    } else if (how === "reordering") passage.delayMs += stream.upTo("reorder", reorderMsMax);
    else passage.againAfterMs = 1 + stream.upTo("again", reorderMsMax);
  }
}

function concerns({ direction }: Disturbance, asked: Direction): boolean {
  return direction === "both" || direction === asked;
}
