/** What kind of runs a seed stands for. */
export const profiles = {
  swarm: "small casts, every kind of fault: each seed switches some kinds off and weighs the rest wildly",
  quick: "short lives that end in a withdrawal, with faults; hundreds of seeds a second",
  calm: "the same work without any fault",
  churn: "500 agents for 72 hours, 30 % of them lost or leaving every hour (WC-14, judged from 6 hours on)",
  scale: "100,000 agents for an hour, little work, no faults",
} as const;
export type ProfileName = keyof typeof profiles;

export interface PlanRequest {
  /** Any text; a git hash is one. */
  readonly seed: string;
  readonly profile: ProfileName;
  /** Instead of the number that the seed draws. */
  readonly agents?: number | undefined;
  /** How long the safety phase lasts, in virtual minutes, instead of what the seed draws. */
  readonly minutes?: number | undefined;
}
