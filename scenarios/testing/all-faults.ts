import { defineScenario, type Step } from "../houseguest.ts";
import type { FaultSpec } from "../faults/fault-spec.ts";
import { missingFor } from "../faults/fault-needs.ts";

/**
 * A scenario that holds as many faults at once as this machine and user can apply, and then waits to be killed: what a
 * harness that dies leaves at its worst.
 */
const possible = (kind: FaultSpec["kind"]): boolean => missingFor(kind) === null;
const breaks = (fault: FaultSpec, as?: string): Step[] =>
  possible(fault.kind) ? [{ step: "fault", fault, ...(as === undefined ? {} : { as }) }] : [];
const onRedis = possible("rollback-store");
const disk = possible("fill-disk") ? { diskMb: 16 } : {};

export default defineScenario({
  name: "all-faults",
  stages: ["host"],
  ...(onRedis ? { store: "redis" as const } : {}),
  defaults: { slots: 2, jobs: 4, cycles: 1 },
  timing: { heartbeatIntervalMs: 500, activityTimeoutMs: 60_000, requestTimeoutMs: 3_500, leaseTtlMs: 120_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, link: true, ...disk },
    { step: "join", agent: "other", slots },
    ...(onRedis ? [{ step: "keep-store", as: "early" } as const] : []),
    { step: "submit", batch: "work", jobs, units: 10_000, unitCpuMs: 5, children: 1 },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 120_000 },
    { step: "await-busy", agent: "other", sandboxes: slots, withinMs: 120_000 },
    ...breaks({ kind: "rollback-store", to: "early" }),
    ...breaks({ kind: "flush-store" }),
    ...breaks({ kind: "disturb-calls", process: "other", calls: ["fdatasync"], delayMs: 5 }),
    ...breaks({ kind: "slow-process", process: "other", cpuPercent: 20 }),
    ...breaks({ kind: "misbehave-broker", rule: { kind: "duplicate-events" } }),
    ...breaks({ kind: "disturb-link", agent: "donor", toxic: { type: "latency", latencyMs: 50 } }),
    ...breaks({ kind: "fill-disk", agent: "donor" }),
    ...breaks({ kind: "limit-descriptors", process: "donor", spare: 50 }),
    ...breaks({ kind: "limit-processes", process: "broker", spare: 50 }),
    ...breaks({ kind: "lock-home", agent: "other" }),
    ...breaks({ kind: "stop-process", process: "donor", part: "jobs" }, "jobs-stand"),
    ...breaks({ kind: "stop-process", process: "donor" }, "donor-stands"),
    ...breaks({ kind: "stop-process", process: "broker" }, "broker-stands"),
    ...(onRedis ? breaks({ kind: "stop-process", process: "store" }, "store-stands") : []),
    { step: "wait", forMs: 600_000 },
  ],
  expectations: [{ checker: "transitions" }],
});
