import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { cooperationWaitMsMax } from "../../protocol/cooperative-checkpoint.ts";
import { cooperate } from "./cooperation.ts";
import { freeze, giveUpSnapshots, snapshotsSettled } from "./freeze.ts";
import { handBack, leaseNote } from "./lease-facts.ts";
import { hurryEnds, stopLease } from "./lease-stop.ts";
import { agentLimits } from "./limits.ts";
import type { BrokerOutcome } from "./outcome.ts";
import { callOff } from "./resume.ts";
import { finishLease } from "./report.ts";
import type { LeaseStage, Shutdown } from "./state.ts";
import type { Turn } from "./turn.ts";
import { isRepeat } from "./signal-repeat.ts";
import { urgeWithdrawal } from "./withdrawal-begin.ts";

/** Stages that still hold processes or may get some. */
const liveStages: readonly LeaseStage[] = ["accepting", "preparing", "held", "spawning", "running", "ending", "wiping"];

/**
 * A signal: the first one shuts down gracefully, the second hurries, the third ends the process at once. Two signals
 * within a moment are one wish that was delivered twice (a terminal signals the whole group, a launcher passes it on).
 */
export function onSignal(turn: Turn, name: string): void {
  const { core, nowMs } = turn;
  if (core.withdrawal !== null) {
    urgeWithdrawal(turn, core.withdrawal, name);
    return;
  }
  const { shutdown } = core;
  if (shutdown === null) {
    askShutdown(turn, name);
    return;
  }
  if (isRepeat(turn, shutdown.lastSignalAtMs)) return;
  shutdown.lastSignalAtMs = nowMs;
  shutdown.level = shutdown.level === 1 ? 2 : 3;
  // Before anything else, also where the process is to end: whoever signals twice waits for no job.
  if (core.cooperation !== null) freeze(turn, core.cooperation);
  turn.log("warn", `${name} again: ${shutdown.level === 2 ? "leases are handed back as they are" : "ending at once"}.`);
  if (shutdown.level === 3) {
    sometimes("a third signal ended a shutdown at once");
    turn.emit({ kind: "exit", ending: { how: "interrupted" } });
    return;
  }
  sometimes("a second signal hurried a shutdown");
  // A KILL takes a moment, and what is gone by then goes back to the broker.
  shutdown.phaseEndsAtMs = shutdown.phase === "checkpoint" ? nowMs : nowMs + agentLimits.urgentNotifyMs;
  turn.setTimer("shutdown", { delayMs: shutdown.phaseEndsAtMs - nowMs });
  hurryEnds(turn);
}

/** Ends the process, not the membership. However many ask, it happens once (I9, EG-2). */
export function askShutdown(turn: Turn, trigger: string): void {
  const { core, nowMs } = turn;
  if (core.shutdown !== null || core.withdrawal !== null) return;
  if (core.agent === "Paused") sometimes("a shutdown came while paused");
  if (!waitsForJobs(turn, trigger)) freeze(turn, { purpose: "shutdown", trigger });
  takeTheBlame(turn);
  const mayShutDown = turn.move("shutdownAsked", trigger);
  assert(mayShutDown, "whoever does not withdraw may shut down");
  turn.record("agent.shutdown", { trigger, stage: "begin" });
  const phaseEndsAtMs = nowMs + agentLimits.snapshotGiveUpMs;
  core.shutdown = { trigger, level: 1, lastSignalAtMs: nowMs, phase: "checkpoint", phaseEndsAtMs, told: [] };
  if (core.pause !== null) callOff(turn, core.pause, "The agent shuts down; the pause holds at its next start.");
  for (const name of ["snapshot", "periodic", "quiet", "acknowledge", "enrol"] as const) turn.clearTimer(name);
  turn.setTimer("shutdown", { delayMs: agentLimits.snapshotGiveUpMs });
}

/** However this ends, no job is to blame; whoever hears of the shutdown finds that written down. */
function takeTheBlame(turn: Turn): void {
  for (const lease of turn.leases()) {
    if (lease.spawnedInBoot === null) continue;
    lease.spawnedInBoot = null;
    turn.remember({ key: `lease:${lease.leaseId}`, value: leaseNote(lease) });
  }
}

/**
 * Whether the freeze waits for jobs that cooperate: what is saved now goes to another host. It counts against the time
 * for the snapshots; a second signal, a pause and a withdrawal end it at once.
 */
function waitsForJobs(turn: Turn, trigger: string): boolean {
  const { core } = turn;
  if (core.freeze !== null) return false;
  if (core.cooperation !== null) sometimes("a shutdown took over what a periodic checkpoint had asked of its jobs");
  return cooperate(turn, { purpose: "shutdown", trigger, waitMsMax: cooperationWaitMsMax });
}

/** Checkpoint → terminate → tell the broker → end. Each phase ends when it is done or its time is over. */
export function continueShutdown(turn: Turn, shutdown: Shutdown): void {
  const late = turn.nowMs >= shutdown.phaseEndsAtMs;
  if (shutdown.phase === "checkpoint") {
    if (turn.core.cooperation !== null) return;
    // Nothing is terminated before it was seen stopped, or its snapshot would be of a moving target.
    if (present(turn.core.freeze, "a shutdown holds a freeze").freezeMs === null) return;
    if (!late && !(snapshotsSettled(turn) && uploadsSettled(turn))) return;
    giveUpSnapshots(turn, "the shutdown does not wait any longer");
    enter(turn, shutdown, { phase: "terminate", forMs: terminateMs(turn, shutdown) });
    for (const lease of turn.leases()) {
      stopLease(turn, lease, { why: `the agent shuts down (${shutdown.trigger})`, after: "part" });
    }
  }
  if (shutdown.phase === "terminate") {
    const waits = turn.leases().some((lease) => liveStages.includes(lease.stage));
    if (waits && turn.nowMs < shutdown.phaseEndsAtMs) return;
    notify(turn, shutdown);
  }
  if (shutdown.phase === "notify" && turn.nowMs >= shutdown.phaseEndsAtMs) {
    sometimes("a shutdown was not answered in time");
    turn.log("warn", "The broker did not answer the shutdown in time; leases that it still counts here will expire.");
    end(turn, shutdown);
  }
}

export function onShutdownAnswered(turn: Turn, { outcome }: { outcome: BrokerOutcome<unknown> }): void {
  const { shutdown } = turn.core;
  // A withdrawal took it over.
  if (shutdown === null) return;
  assert(shutdown.phase === "notify", "whoever has ended hears no answers");
  if (outcome.ok) {
    // One whose acceptance was answered only now is in the journal, and goes back at the next start.
    for (const lease of turn.leases()) if (shutdown.told.includes(lease.leaseId)) finishLease(turn, lease);
  } else {
    turn.log("warn", `The broker did not take the shutdown: ${outcome.message}. Leases go back at the next start.`);
  }
  end(turn, shutdown);
}

function notify(turn: Turn, shutdown: Shutdown): void {
  const { core } = turn;
  if (core.agent === "Enrolling") {
    end(turn, shutdown);
    return;
  }
  const timeoutMs = shutdown.level === 1 ? core.timing.shutdownTimeoutMs : agentLimits.urgentNotifyMs;
  enter(turn, shutdown, { phase: "notify", forMs: timeoutMs });
  turn.clearTimer("heartbeat");
  // Nothing runs any more of one whose directory is being wiped.
  const parted = turn
    .leases()
    .filter(({ stage, stop }) => stage === "parted" || (stage === "wiping" && stop?.after === "part"));
  shutdown.told = parted.map((lease) => lease.leaseId);
  const handedBack = parted.map(handBack);
  turn.emit({ kind: "notifyShutdown", reason: shutdown.trigger, handedBack, timeoutMs });
}

function end(turn: Turn, shutdown: Shutdown): void {
  shutdown.phase = "done";
  turn.record("agent.shutdown", { trigger: shutdown.trigger, stage: "end" });
  turn.emit({ kind: "exit", ending: { how: "shutdown" } });
}

function enter(turn: Turn, shutdown: Shutdown, { phase, forMs }: { phase: Shutdown["phase"]; forMs: number }): void {
  shutdown.phase = phase;
  shutdown.phaseEndsAtMs = turn.nowMs + forMs;
  turn.setTimer("shutdown", { delayMs: forMs });
}

/** TERM, KILL and the wait for what cannot be killed; whoever is hurried does not wait for that. */
function terminateMs({ core }: Turn, { level }: Shutdown): number {
  if (level > 1) return agentLimits.urgentNotifyMs;
  return core.timing.terminateGraceMs + agentLimits.unkillableAfterMs;
}

function uploadsSettled(turn: Turn): boolean {
  return turn.leases().every((lease) => lease.checkpoint?.upload !== "inFlight");
}
