import type { EndLimits } from "../port.ts";

/** What a later call does to a termination that is under way, of a job that does not hear TERM; driver and model agree. */
export interface HurriedTermination {
  readonly name: string;
  readonly first: EndLimits;
  readonly second: EndLimits;
  /** Both calls are over before that, counted from the second one. */
  readonly overInMs: number;
}

/** No test waits that long. */
const patient: EndLimits = { graceMs: 600_000, deadlineMs: 1_200_000 };

export const hurriedTerminations: readonly HurriedTermination[] = [
  { name: "without a grace", first: patient, second: { graceMs: 0, deadlineMs: 60_000 }, overInMs: 90_000 },
  { name: "with a shorter grace", first: patient, second: { graceMs: 200, deadlineMs: 60_000 }, overInMs: 90_000 },
  {
    name: "with an earlier deadline",
    first: patient,
    second: { graceMs: 600_000, deadlineMs: 5_000 },
    overInMs: 90_000,
  },
  { name: "with more time", first: { graceMs: 300, deadlineMs: 60_000 }, second: patient, overInMs: 90_000 },
];
