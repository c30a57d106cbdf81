import * as z from "zod";

import { WallMs } from "./identifiers.ts";
import { NotUndone } from "./verdict.ts";

/** Who undoes what a dead harness left: the run's own watchdog, or whoever types `scenarios heal`, or runs the next one. */
export const healers = ["watchdog", "heal"] as const;
export type Healer = (typeof healers)[number];

/** Beside the verdict that is missing, or in its place. */
export const aftermathFile = "aftermath.json";

/** What was done for a run whose harness could not finish it. */
export const Aftermath = z.strictObject({
  version: z.literal(1),
  /** Who undid last. */
  by: z.enum(healers),
  at: WallMs,
  /** In words, in the order in which it was undone. */
  undone: z.array(z.string()),
  notUndone: z.array(NotUndone),
});
export type Aftermath = z.infer<typeof Aftermath>;
