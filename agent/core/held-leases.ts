import type { AgentCore, HeldLease } from "./state.ts";

type Origin = Pick<
  HeldLease,
  "leaseId" | "jobId" | "epoch" | "job" | "stage" | "execution" | "claimed" | "checkpoint" | "report"
>;

/** A lease with which nothing was begun here. */
export function heldLease(origin: Origin): HeldLease {
  return {
    ...origin,
    acceptAttempts: 0,
    ownDeadlineMs: 0,
    progress: origin.checkpoint?.reference.progress ?? 0,
    sandbox: null,
    readyGeneration: null,
    savingGeneration: null,
    failedGeneration: null,
    snapshotFailure: "",
    stop: null,
    endInFlight: false,
    startFailed: false,
    spawnedInBoot: null,
    agentDied: false,
    exit: null,
    reportInFlight: false,
  };
}

/** Takes a lease among those that are held. */
export function addLease(core: AgentCore, lease: HeldLease): void {
  core.leases[lease.leaseId] = lease;
  core.leaseList = Object.values(core.leases);
}

/** Holds it no longer. */
export function dropLease(core: AgentCore, { leaseId }: HeldLease): void {
  delete core.leases[leaseId];
  core.leaseList = Object.values(core.leases);
}
