import { assert } from "../../foundation/assert.ts";
import { resourceKey } from "../host-resource.ts";
import type { DriverState, LiveSandbox } from "./driver-state.ts";
import { countsProcessesAlone, processLimitsOf } from "./job-limits.ts";
import type { Sandbox, SandboxRequest } from "./port.ts";
import { readProcess } from "./proc-stat.ts";
import { RunningJob } from "./running-job.ts";
import { type ProcessLimits, type SpawnedJob, spawnJob } from "./spawn-job.ts";
import { yieldToHost } from "./yield-to-host.ts";

/** How long the processes around a program that could not be started may take to end, in milliseconds. */
const launcherMsMax = 5_000;

/**
 * Launches a job and waits until its own program runs, or everything was frozen meanwhile.
 *
 * @throws SandboxError `spawn-failed`; nothing is left then
 */
export async function startJob(shared: DriverState, request: SandboxRequest): Promise<Sandbox> {
  const { ledger, enclosure, environment, table, cgroups, live } = shared;
  const { leaseId } = request;
  assert(!live.has(leaseId), "a lease has one sandbox");
  const resource = { kind: "processes", leaseId } as const;
  ledger.acquire({ ...resource, pid: null, startTime: null });
  const undo = (): void => {
    cgroups?.remove(leaseId);
    ledger.release(resourceKey({ ...resource, pid: null, startTime: null }));
  };
  let cgroup: string | null = null;
  let job: SpawnedJob;
  try {
    cgroup = cgroups?.make(leaseId) ?? null;
    job = spawnJob({ request, environment, cgroup, enclosure, limits: processLimitsFor(shared, request) });
  } catch (error) {
    undo();
    throw error;
  }
  const { pid } = job;
  const startTime = readProcess(pid)?.startTime ?? "0";
  if (pid > 0) {
    ledger.acquire({ ...resource, pid, startTime });
    table.adopt({ leaseId, pid, startTime, workspace: request.workspace });
    job.child.once("exit", () => table.rootEnded(leaseId));
  }
  const running = new RunningJob({ shared, request, cgroup, job });
  let settleStart = (): void => undefined;
  const settled = new Promise<null>((settle) => {
    settleStart = () => settle(null);
  });
  const entry: LiveSandbox = { sandbox: running, yields: enclosure.kept ? false : yieldToHost(pid), settleStart };
  live.set(leaseId, entry);
  running.begin(() => {
    entry.yields = yieldToHost(running.pid);
  });
  // The first look at this host's processes is the slow one: it is better had now than in a freeze.
  shared.scan({ fresh: true });
  const failure = await Promise.race([job.started, settled]);
  if (failure === null) return running;
  // Whoever launched it may take a moment to go, and its cgroup is not empty before.
  if (pid > 0) await running.terminate({ graceMs: 0, deadlineMs: launcherMsMax });
  if (live.delete(leaseId)) {
    running.forget();
    table.forget(leaseId);
    undo();
  }
  throw failure;
}

function processLimitsFor({ cgroups, enclosure, limits }: DriverState, { job }: SandboxRequest): ProcessLimits {
  return processLimitsOf({
    enabled: cgroups?.controllers ?? new Set(),
    limits,
    workspaceBytesMax: job.workspaceBytesMax,
    countsAlone: countsProcessesAlone({ ownUsers: enclosure.kept }),
  });
}
