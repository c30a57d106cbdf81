import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import type { CheckerSettings } from "./checker.ts";

/** What the duties are measured by: the fleet's times, and what else they depend on, in milliseconds. */
export interface DutySettings extends Timing {
  /** The most that one message takes on its way. */
  readonly latencyMsMax: number;
  /** How many jobs an agent runs at once. */
  readonly slots: number;
}

/** The settings of a checker as those of a duty; what is not told is as on one machine with the times of a fleet. */
export function dutySettings(settings: CheckerSettings): DutySettings {
  return { ...defaultTiming, latencyMsMax: 50, slots: 1, ...settings };
}
