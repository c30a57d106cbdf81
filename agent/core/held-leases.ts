import type { AgentCore, HeldLease } from "./state.ts";

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
