import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { exitCodeOf, exitInWords } from "../../protocol/exit-reason.ts";
import { freezeLatecomer } from "./freeze.ts";
import { wake } from "./heartbeat-send.ts";
import type { AgentInput } from "./input.ts";
import { isBusy, isLeaving, leaseNote } from "./lease-facts.ts";
import { partFrom, stopLease, terminate, wipe } from "./lease-stop.ts";
import { agentLimits } from "./limits.ts";
import { schedulePeriodic } from "./periodic-timer.ts";
import { finishLease, sendReport } from "./report.ts";
import type { HeldLease, LeaseStage } from "./state.ts";
import type { Turn } from "./turn.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

export function onPrepared(turn: Turn, { leaseId, workspace }: Of<"sandboxPrepared">): void {
  const lease = waitingLease(turn, leaseId, "preparing");
  lease.sandbox = { workspace, pid: null, cgroup: null };
  if (lease.stop !== null) {
    wipe(turn, lease);
    return;
  }
  lease.stage = "held";
  spawnHeld(turn);
  if (lease.stage === "held") sometimes("a prepared job waited for the end of a freeze");
}

/** Spawns what waited for the end of a freeze; does nothing while one is in force: whoever pauses holds one, and whoever leaves does or will (I6). */
export function spawnHeld(turn: Turn): void {
  const { core } = turn;
  if (core.freeze !== null || isLeaving(core)) return;
  for (const lease of turn.leases()) {
    if (lease.stage !== "held") continue;
    const { leaseId, jobId, epoch, job } = lease;
    assert(job !== null, "only an offered lease is prepared");
    lease.stage = "spawning";
    turn.recordExecution(lease, { from: null, to: "spawning", reason: "the broker granted the lease" });
    // On the disk before its first process can bring this one down.
    lease.spawnedInBoot = core.bootId;
    turn.remember({ key: `lease:${leaseId}`, value: leaseNote(lease) });
    turn.emit({ kind: "startSandbox", leaseId, jobId, epoch, job });
  }
}

export function onStarted(turn: Turn, { leaseId, pid, cgroup }: Of<"sandboxStarted">): void {
  const lease = waitingLease(turn, leaseId, "spawning");
  assert(lease.sandbox !== null, "what is spawned was prepared");
  lease.sandbox.pid = pid;
  lease.sandbox.cgroup = cgroup;
  lease.stage = "running";
  turn.moveExecution(lease, "running", "its first process runs");
  freezeLatecomer(turn);
  if (turn.core.withdrawal === null) turn.move("workStarted", `${lease.jobId} runs`);
  if (lease.stop !== null) stopLease(turn, lease, lease.stop);
  // The interval of those that run already goes on, or jobs that are started often would put it off for ever.
  else if (isAlone(turn)) schedulePeriodic(turn);
}

/** Whether one job runs and no other. */
function isAlone(turn: Turn): boolean {
  return turn.leases().filter((lease) => lease.stage === "running").length === 1;
}

/** Not the job's fault: the broker has it back in seconds (docs/cases.md, case 15). */
export function onStartFailed(turn: Turn, { leaseId, reason }: { leaseId: string; reason: string }): void {
  const { core } = turn;
  const lease = waitingLease(turn, leaseId, "preparing", "spawning");
  if (lease.spawnedInBoot !== null) {
    // Nothing runs of it that could bring this agent down.
    lease.spawnedInBoot = null;
    turn.remember({ key: `lease:${leaseId}`, value: leaseNote(lease) });
  }
  if (lease.stage === "spawning") turn.moveExecution(lease, "failed", reason);
  turn.log("warn", `${lease.jobId} could not be started here: ${reason}`);
  const untilMs = turn.nowMs + core.timing.startAgainAfterMs;
  core.unspawnableJobs = [...core.unspawnableJobs, { jobId: lease.jobId, untilMs }].slice(
    -agentLimits.unspawnableJobsMax,
  );
  lease.startFailed = true;
  const why = `it could not be started: ${reason}`.slice(0, 500);
  // Whatever it was to be given back for, this is why it never ran.
  if (lease.stop === null || lease.stop.after === "return") lease.stop = { why, after: "return" };
  wipe(turn, lease);
}

export function onExited(turn: Turn, input: Of<"sandboxExited">): void {
  const lease = turn.core.leases[input.leaseId];
  if (lease === undefined || lease.stage !== "running") return;
  if (turn.core.freeze !== null) sometimes("a job ended by itself just before it was frozen");
  if (input.reason.by === "limit") sometimes("a job took more than it may");
  lease.progress = Math.max(lease.progress, input.progress);
  lease.savingGeneration = null;
  lease.stage = "ending";
  const error = endedBadly(input);
  lease.exit = { reason: input.reason, error };
  lease.report = {
    kind: "complete",
    body: {
      epoch: lease.epoch,
      outcome: error === null ? "completed" : "failed",
      exitCode: exitCodeOf(input.reason),
      progress: lease.progress,
      ...(error === null ? {} : { error }),
      ...(input.result === null ? {} : { result: input.result }),
    },
  };
  // What the job left running in the background goes with it (WC-12).
  terminate(turn, lease);
}

export function onTerminated(turn: Turn, { leaseId, terminated, left }: Of<"sandboxTerminated">): void {
  const lease = turn.core.leases[leaseId];
  if (lease === undefined || (lease.stage !== "ending" && lease.stage !== "broken")) return;
  lease.endInFlight = false;
  const { withdrawal } = turn.core;
  // Who is left is for the last look over the host to say.
  if (withdrawal !== null) withdrawal.record.processesTerminated += terminated;
  if (left.length > 0) {
    sometimes("a process could not be killed");
    lease.stage = "broken";
    const names = left.map(({ pid, command }) => `${pid} (${command})`).join(", ");
    turn.log("error", `The slot of ${lease.jobId} is broken, these processes cannot be killed: ${names}`);
    sendReport(turn, lease);
    return;
  }
  lease.stage = "wiping";
  lease.spawnedInBoot = null;
  // The result is on the disk before anybody is told of it, and before the directory that it came from is wiped.
  turn.remember({ key: `lease:${leaseId}`, value: leaseNote(lease) });
  recordEnd(turn, lease);
  if (!isBusy(turn.core)) turn.move("workEnded", `${lease.jobId} ended`);
  wipe(turn, lease);
}

/** A look over the whole host saw nothing alive: what could not be killed has ended meanwhile. */
export function endBroken(turn: Turn): void {
  for (const { leaseId, stage } of turn.leases()) {
    if (stage === "broken") onTerminated(turn, { type: "sandboxTerminated", leaseId, terminated: 0, left: [] });
  }
}

function recordEnd(turn: Turn, lease: HeldLease): void {
  if (lease.execution === "killing") {
    turn.moveExecution(lease, "killed", present(lease.stop, "whoever is killed was to stop").why);
    return;
  }
  const { reason, error } = present(lease.exit, "whoever was not stopped ended by itself");
  turn.moveExecution(lease, error === null ? "completed" : "failed", error ?? exitInWords(reason), reason);
}

/** What the host is asked to do for a lease is awaited, whatever else comes up. */
function waitingLease(turn: Turn, leaseId: string, ...stages: readonly LeaseStage[]): HeldLease {
  const lease = present(turn.core.leases[leaseId], "a lease that waits for its host is held");
  assert(stages.includes(lease.stage), "a lease stays where it waits for its host");
  return lease;
}

/** Whoever took too much has failed, whatever it made of it: the rest of its work is not to be had so. */
function endedBadly({ reason, resultProblem }: Of<"sandboxExited">): string | null {
  return reason.by === "itself" && reason.exitCode === 0 ? resultProblem : exitInWords(reason);
}

/** The working directory is gone; the slot is free. */
export function onWiped(turn: Turn, { leaseId, left }: Of<"sandboxWiped">): void {
  const lease = waitingLease(turn, leaseId, "wiping");
  if (left.length > 0) turn.log("error", `Left in the working directory of ${lease.jobId}: ${left.join(", ")}`);
  if (lease.stop?.after === "part") {
    partFrom(lease);
  } else if (lease.report === null) {
    finishLease(turn, lease);
  } else {
    lease.stage = "reporting";
  }
  wake(turn, "a slot is free");
}
