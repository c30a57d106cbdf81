import type { LeaseStage } from "./state.ts";

interface StageFacts {
  /** A slot of the host is taken. */
  readonly takesSlot: boolean;
  /** Its processes are on the host, which makes the agent Working. */
  readonly holdsSandbox: boolean;
  /** The broker has granted the lease and has not been told its end: heartbeats name it. */
  readonly isNamed: boolean;
  /** It is given up when nobody renews it. */
  readonly isTimed: boolean;
}

/** What each stage of a lease means for the agent as a whole. */
export const stageFacts: Readonly<Record<LeaseStage, StageFacts>> = {
  accepting: { takesSlot: true, holdsSandbox: false, isNamed: false, isTimed: false },
  preparing: { takesSlot: true, holdsSandbox: false, isNamed: true, isTimed: true },
  held: { takesSlot: true, holdsSandbox: false, isNamed: true, isTimed: true },
  spawning: { takesSlot: true, holdsSandbox: false, isNamed: true, isTimed: true },
  running: { takesSlot: true, holdsSandbox: true, isNamed: true, isTimed: true },
  ending: { takesSlot: true, holdsSandbox: true, isNamed: true, isTimed: false },
  broken: { takesSlot: true, holdsSandbox: true, isNamed: true, isTimed: false },
  wiping: { takesSlot: true, holdsSandbox: false, isNamed: true, isTimed: false },
  reporting: { takesSlot: false, holdsSandbox: false, isNamed: true, isTimed: false },
  parted: { takesSlot: false, holdsSandbox: false, isNamed: true, isTimed: false },
};
