import type { LimitController } from "../../needs/limit-place.ts";

/** A cage that was made: its directories by controller. */
export type MadeCage = ReadonlyMap<LimitController, string>;
