import type { LeaseStage } from "./state.ts";

/** How far a lease is on its way: not granted yet, about to run, at work, being ended, its directory being wiped, over. */
type LeasePhase = "asked" | "coming" | "working" | "dying" | "emptying" | "over";

const phaseOf: Readonly<Record<LeaseStage, LeasePhase>> = {
  accepting: "asked",
  preparing: "coming",
  held: "coming",
  spawning: "coming",
  running: "working",
  ending: "dying",
  broken: "dying",
  wiping: "emptying",
  reporting: "over",
  parted: "over",
};

/** Whether a slot of the host is taken. */
export function takesSlot(stage: LeaseStage): boolean {
  return phaseOf[stage] !== "over";
}

/** Whether its processes are on the host, which makes the agent Working. */
export function holdsSandbox(stage: LeaseStage): boolean {
  return phaseOf[stage] === "working" || phaseOf[stage] === "dying";
}

/** Whether it is given up when nobody renews it. */
export function isTimed(stage: LeaseStage): boolean {
  return phaseOf[stage] === "coming" || phaseOf[stage] === "working";
}
