import { agentLimits } from "../../../../agent/core/limits.ts";
import type { AgentCore, LeaseStage, Shutdown } from "../../../../agent/core/state.ts";
import { assert, present } from "../../../../foundation/assert.ts";
import { type AgentStep, effectsOf } from "./agent-step.ts";
import { assertTold } from "./hand-back.ts";

const phases: readonly Shutdown["phase"][] = ["checkpoint", "terminate", "notify", "done"];

/** Where nothing of a lease runs, nor will: what is left of it is for the broker, or cannot be killed. */
const over: readonly LeaseStage[] = ["broken", "reporting", "parted"];

/** Where its job runs, or may yet. */
const alive: readonly LeaseStage[] = ["accepting", "preparing", "held", "spawning", "running"];

/** A phase begins when the one before is over, and takes no longer than it may. */
export function auditPhases(step: AgentStep, was: Shutdown, now: Shutdown): void {
  const { before, after, nowMs } = step;
  const from = phases.indexOf(was.phase);
  const to = phases.indexOf(now.phase);
  assert(to >= from, "a shutdown does not go back");
  const ends = effectsOf(step, "exit").length;
  assert(ends === (from < 3 && to === 3 ? 1 : 0), "a shutdown ends the process, once");
  const isSooner = now.level > was.level;
  if (isSooner && to === from && from > 0) {
    assert(now.phaseEndsAtMs === nowMs + agentLimits.urgentNotifyMs, "who hurries waits for nothing long");
  }
  const endedAtMs = isSooner ? nowMs + (from === 0 ? 0 : agentLimits.urgentNotifyMs) : was.phaseEndsAtMs;
  const isLate = nowMs >= endedAtMs;
  if (from === 0) {
    const mayGoOn = after.cooperation === null && present(after.freeze, "it holds a freeze").freezeMs !== null;
    if (to > 0) {
      assert(mayGoOn && before.cooperation === null, "nothing is ended before it stood still");
      assert(isLate || isSaved(step), "what is being saved is waited for");
      assertStopped(after);
    } else assert(!isLate || !mayGoOn, "nobody waits for snapshots for ever");
    if (to === 1) assertLasts(step, now, terminateMs(after, now));
  }
  assert(to !== 1 || !isOver(after), "who has ended everything tells the broker");
  if (from === 1 && to === 1) assert(!isLate, "nobody waits for ever for what cannot be killed");
  if (from <= 1 && to > 1) {
    assert(isOver(after) || (from === 1 && isLate), "what ends is waited for");
    auditNotice(step, now);
  }
  if (from === 2) assert((to === 3) === (isLate || step.input.type === "shutdownAnswered"), "the answer is waited for");
}

function isOver({ leaseList }: AgentCore): boolean {
  return leaseList.every(({ stage }) => over.includes(stage));
}

/** Whether every job that stood still has its snapshot, or will never have one, and the broker has what was sent. */
function isSaved(step: AgentStep): boolean {
  const { before, after } = step;
  const ends = effectsOf(step, "terminateSandbox");
  const generation = after.freeze?.generation;
  return before.leaseList.every(({ leaseId, stage, checkpoint }) => {
    const now = after.leases[leaseId];
    if (now?.checkpoint?.upload === "inFlight" && checkpoint?.upload === "inFlight") return false;
    if (stage !== "running" || now === undefined) return true;
    // Who ended in this very turn, or is forgotten, has nothing to lose any more.
    if (now.stop?.after !== "part" || ends.filter((end) => end.leaseId === leaseId).length > 1) return true;
    return now.checkpoint?.generation === generation || now.failedGeneration === generation;
  });
}

function assertStopped({ leaseList }: AgentCore): void {
  for (const { leaseId, stage, stop } of leaseList) {
    assert(stop !== null || !alive.includes(stage), `${leaseId} is stopped once the snapshots are there`);
  }
}

function terminateMs({ timing }: AgentCore, { level }: Shutdown): number {
  return level === 1 ? timing.terminateGraceMs + agentLimits.unkillableAfterMs : agentLimits.urgentNotifyMs;
}

function assertLasts(step: AgentStep, { phaseEndsAtMs }: Shutdown, forMs: number): void {
  assert(phaseEndsAtMs === step.nowMs + forMs, `this phase may take ${forMs} ms`);
  const timer = effectsOf(step, "setTimer").findLast(({ name }) => name === "shutdown");
  assert(timer?.delayMs === forMs, `and is looked at again after ${forMs} ms`);
}

/** The broker hears once of all that goes back, and is waited for no longer than it may take. */
function auditNotice(step: AgentStep, now: Shutdown): void {
  const { after } = step;
  const notices = effectsOf(step, "notifyShutdown");
  if (after.agent === "Enrolling") {
    assert(notices.length === 0 && now.phase === "done", "whom the broker does not know, it waits for no answer");
    return;
  }
  const forMs = now.level === 1 ? after.timing.shutdownTimeoutMs : agentLimits.urgentNotifyMs;
  assert(now.phase === "notify", "the broker is told of a shutdown, and heard");
  assertLasts(step, now, forMs);
  const [notice, ...more] = notices;
  assert(notice?.timeoutMs === forMs && more.length === 0, `it is told once, and has ${forMs} ms to answer`);
  assert(
    effectsOf(step, "clearTimer").some(({ name }) => name === "heartbeat"),
    "who has told of its end says nothing more",
  );
  const those = after.leaseList.filter(
    ({ stage, stop }) => stage === "parted" || (stage === "wiping" && stop !== null && stop.after === "part"),
  );
  assertTold(those, notice.handedBack);
  assert(now.told.join() === those.map(({ leaseId }) => leaseId).join(), "and who was told of is kept in mind");
}
